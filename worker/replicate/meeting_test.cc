#include "worker/replicate/meeting.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/support/thread_ranks.h"

namespace convoy::replicate {
namespace {

TEST(MeetingTest, TwoOfThreeRanksGetAConnection) {
  testing::RunRanks(3, [&](comm::Communicator& comm) {
    auto met = Meet(comm, /*caller=*/2, /*listener=*/1);
    ASSERT_TRUE(met.ok()) << met.status();
    ASSERT_EQ(*met != nullptr, comm.rank() != 0);
    std::string text(5, ' ');
    if (comm.rank() == 2) {
      EXPECT_TRUE((*met)->Write("hello", 5).ok());
    }
    if (comm.rank() == 1) {
      EXPECT_TRUE((*met)->Read(text.data(), 5).ok());
      EXPECT_EQ(text, "hello");
    }
  });
}

TEST(ConnectionTest, EndsWhenTheOtherEndIsGone) {
  testing::RunRanks(2, [&](comm::Communicator& comm) {
    auto met = Meet(comm, 0, 1);
    ASSERT_TRUE(met.ok() && *met != nullptr);
    if (comm.rank() == 0) {
      met->reset();
      return;
    }
    char byte = 0;
    EXPECT_TRUE(absl::IsUnavailable((*met)->Read(&byte, 1)));
  });
}

TEST(ConnectionTest, ClosedByAnotherThreadItEnds) {
  testing::RunRanks(2, [&](comm::Communicator& comm) {
    auto met = Meet(comm, 0, 1);
    ASSERT_TRUE(met.ok() && *met != nullptr);
    std::thread closer([&] { (*met)->Close(); });
    char byte = 0;
    EXPECT_FALSE((*met)->Read(&byte, 1).ok());
    closer.join();
  });
}

TEST(ConnectionTest, PatienceEndsARead) {
  testing::RunRanks(2, [&](comm::Communicator& comm) {
    auto met = Meet(comm, 0, 1);
    ASSERT_TRUE(met.ok() && *met != nullptr);
    char byte = 0;
    (*met)->SetPatience(1);
    if (comm.rank() == 0) {
      EXPECT_TRUE(absl::IsUnavailable((*met)->Read(&byte, 1)));
    }
    ASSERT_TRUE(comm.Barrier().ok());
  });
}

}  // namespace
}  // namespace convoy::replicate
