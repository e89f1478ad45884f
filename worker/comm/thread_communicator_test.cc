#include "worker/comm/thread_communicator.h"

#include <gtest/gtest.h>

#include "tests/support/thread_ranks.h"
#include "worker/comm/communicator_test_cases.h"

namespace convoy::comm {
namespace {

class ThreadCommunicatorTest : public ::testing::TestWithParam<std::tuple<int, CommunicatorCase>> {
};

TEST_P(ThreadCommunicatorTest, Keeps) {
  const auto& [world_size, of] = GetParam();
  testing::RunRanks(world_size, [&](Communicator& comm) { CheckInRounds(comm, of); });
}

INSTANTIATE_TEST_SUITE_P(Contract, ThreadCommunicatorTest,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4, 7),
                                            ::testing::ValuesIn(kCommunicatorCases)),
                         [](const auto& param) {
                           return std::string(std::get<1>(param.param).name) + "OfRanks" +
                                  std::to_string(std::get<0>(param.param));
                         });

TEST(ThreadWorldTest, RanksAreNumbered) {
  ThreadWorld world(2);
  EXPECT_EQ(world.MakeCommunicator(1)->rank(), 1);
  EXPECT_EQ(world.MakeCommunicator(0)->world_size(), 2);
}

}  // namespace
}  // namespace convoy::comm
