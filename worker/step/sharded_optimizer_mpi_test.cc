#include <gtest/gtest.h>

#include "tests/support/mpi_world.h"
#include "worker/step/sharded_optimizer_test_cases.h"

namespace convoy::step {
namespace {

class ShardedOptimizerMpiTest : public ::testing::TestWithParam<std::tuple<Transport, ShardCase>> {
};

TEST_P(ShardedOptimizerMpiTest, Keeps) {
  const auto& [transport, of] = GetParam();
  of.check(testing::MpiWorld(), transport);
}

INSTANTIATE_TEST_SUITE_P(Contract, ShardedOptimizerMpiTest,
                         ::testing::Combine(::testing::Values(Transport::kShared,
                                                              Transport::kMessages),
                                            ::testing::ValuesIn(kShardCases)),
                         [](const auto& param) {
                           return std::string(std::get<1>(param.param).name) +
                                  TransportName(std::get<0>(param.param));
                         });

TEST(MpiAllReduceTest, SumsBucketsAndScalars) { CheckAllReduce(testing::MpiWorld()); }

}  // namespace
}  // namespace convoy::step
