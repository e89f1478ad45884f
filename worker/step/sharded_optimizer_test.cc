#include "worker/step/sharded_optimizer.h"

#include <gtest/gtest.h>

#include "tests/support/thread_ranks.h"
#include "worker/step/sharded_optimizer_test_cases.h"

namespace convoy::step {
namespace {

class ShardedOptimizerTest
    : public ::testing::TestWithParam<std::tuple<int, Transport, ShardCase>> {};

TEST_P(ShardedOptimizerTest, Keeps) {
  const auto& [world_size, transport, of] = GetParam();
  testing::RunRanks(world_size, [&](comm::Communicator& comm) { of.check(comm, transport); });
}

INSTANTIATE_TEST_SUITE_P(Contract, ShardedOptimizerTest,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4, 5),
                                            ::testing::Values(Transport::kShared,
                                                              Transport::kMessages),
                                            ::testing::ValuesIn(kShardCases)),
                         [](const auto& param) {
                           return std::string(std::get<2>(param.param).name) +
                                  TransportName(std::get<1>(param.param)) + "OfRanks" +
                                  std::to_string(std::get<0>(param.param));
                         });

class MpiAllReduceTest : public ::testing::TestWithParam<int> {};

TEST_P(MpiAllReduceTest, SumsBucketsAndScalars) { testing::RunRanks(GetParam(), &CheckAllReduce); }

INSTANTIATE_TEST_SUITE_P(WorldSizes, MpiAllReduceTest, ::testing::Values(1, 2, 3, 4, 5));

}  // namespace
}  // namespace convoy::step
