#include "common/base/serial_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace convoy {
namespace {

TEST(SerialExecutorTest, RunsTasksInOrderOnOneThread) {
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  SerialExecutor executor;
  for (int i = 0; i < 100; ++i) {
    executor.Post([&, i] {
      order.push_back(i);
      threads.push_back(std::this_thread::get_id());
      return absl::OkStatus();
    });
  }
  EXPECT_TRUE(executor.Flush().ok());
  ASSERT_EQ(order.size(), 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(order[i], i);
    EXPECT_EQ(threads[i], threads[0]);
  }
  EXPECT_NE(threads[0], std::this_thread::get_id());
}

TEST(SerialExecutorTest, KeepsTheFirstErrorAndGoesOn) {
  SerialExecutor executor;
  executor.Post([] { return absl::DataLossError("first"); });
  executor.Post([] { return absl::InternalError("second"); });
  bool ran = false;
  executor.Post([&] {
    ran = true;
    return absl::OkStatus();
  });
  EXPECT_EQ(executor.Flush(), absl::DataLossError("first"));
  EXPECT_TRUE(ran);
  EXPECT_TRUE(executor.Flush().ok());
}

TEST(SerialExecutorTest, RunReturnsTheErrorOfItsOwnTask) {
  SerialExecutor executor;
  executor.Post([] { return absl::DataLossError("posted"); });
  EXPECT_EQ(executor.Run([] { return absl::InternalError("run"); }), absl::InternalError("run"));
  EXPECT_EQ(executor.TakeError(), absl::DataLossError("posted"));
}

TEST(SerialExecutorTest, PostWaitsForRoom) {
  SerialExecutor executor(1);
  std::promise<void> begun;
  std::promise<void> release;
  executor.Post([&] {
    begun.set_value();
    release.get_future().wait();
    return absl::OkStatus();
  });
  begun.get_future().wait();
  executor.Post([] { return absl::OkStatus(); });  // waits: there is room for one
  std::atomic<bool> released{false};
  std::thread third([&] {
    executor.Post([] { return absl::OkStatus(); });
    EXPECT_TRUE(released);
  });
  released = true;
  release.set_value();
  third.join();
  EXPECT_TRUE(executor.Flush().ok());
}

TEST(SerialExecutorTest, EndsOnlyWhenAllHasRun) {
  int runs = 0;
  {
    SerialExecutor executor;
    for (int i = 0; i < 10; ++i) {
      executor.Post([&] {
        ++runs;
        return absl::OkStatus();
      });
    }
  }
  EXPECT_EQ(runs, 10);
}

}  // namespace
}  // namespace convoy
