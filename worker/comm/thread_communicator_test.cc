#include "worker/comm/thread_communicator.h"

#include <gtest/gtest.h>

#include <thread>

#include "worker/comm/communicator_test_cases.h"

namespace convoy::comm {
namespace {

class ThreadCommunicatorTest : public ::testing::TestWithParam<int> {};

TEST_P(ThreadCommunicatorTest, AllCollectives) {
  ThreadWorld world(GetParam());
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < GetParam(); ++rank) {
    ranks.emplace_back([&world, rank] {
      const auto communicator = world.MakeCommunicator(rank);
      EXPECT_EQ(communicator->rank(), rank);
      for (int round = 0; round < 20; ++round) CheckCommunicator(*communicator);
    });
  }
  for (std::thread& thread : ranks) thread.join();
}

INSTANTIATE_TEST_SUITE_P(WorldSizes, ThreadCommunicatorTest, ::testing::Values(1, 2, 3, 4, 7));

}  // namespace
}  // namespace convoy::comm
