#include "worker/step/step_cost.h"

#include <gtest/gtest.h>

#include "worker/step/message_sizes.h"

namespace convoy::step {
namespace {

constexpr int64_t kParameters = 4096;  // all summed

Machines Ranks(std::vector<int> host_of_rank) {
  return {.threads_of_rank = std::vector<int>(host_of_rank.size(), 1),
          .host_of_rank = std::move(host_of_rank),
          .image_seconds = 1e-3,
          .update_seconds = 8e-3,
          .message_seconds = 1e-4,
          .bytes_per_second = 1e6};
}

StepCost Cost(int64_t batch, const Machines& machines) {
  const auto ranks = static_cast<int>(machines.host_of_rank.size());
  return CostOfStep(ShardingPlan(kParameters, {}, batch, ranks),
                    BatchPartition(batch, 4, machines.threads_of_rank), machines);
}

TEST(StepCostTest, OneRankComputesAndSendsNothing) {
  const StepCost cost = Cost(16, Ranks({0}));
  EXPECT_DOUBLE_EQ(cost.seconds, 16e-3 + 8e-3);
  EXPECT_DOUBLE_EQ(cost.compute_seconds, cost.seconds);
  EXPECT_EQ(cost.sent, (std::vector<int64_t>{0}));
}

TEST(StepCostTest, TwoHostsShareTheWorkAndExchangeHalves) {
  const StepCost cost = Cost(16, Ranks({0, 1}));
  EXPECT_DOUBLE_EQ(cost.compute_seconds, 8e-3 + 4e-3);
  // One node's sums of half the parameters with a header, then half the weights.
  const int64_t half = kParameters / 2 * 4;
  EXPECT_EQ(cost.sent[0], HeaderFloats(1) * 4 + 2 * half);
  EXPECT_NEAR(cost.seconds, 12e-3 + 2e-4 + static_cast<double>(cost.sent[0]) * 1e-6, 1e-9);
}

TEST(StepCostTest, NumbersOf16BitsAreHalfTheBytes) {
  const Machines machines = Ranks({0, 1});
  const StepCost half = CostOfStep(ShardingPlan(kParameters, {}, 16, 2, Exchange::kBfloat16),
                                   BatchPartition(16, 4, machines.threads_of_rank), machines);
  const StepCost whole = Cost(16, machines);
  EXPECT_EQ(half.sent[0] - HeaderFloats(1) * 4, (whole.sent[0] - HeaderFloats(1) * 4) / 2);
  EXPECT_DOUBLE_EQ(half.compute_seconds, whole.compute_seconds);
}

TEST(StepCostTest, RanksOfOneHostSendNothingOverTheLink) {
  const StepCost cost = Cost(16, Ranks({0, 0}));
  EXPECT_DOUBLE_EQ(cost.seconds, cost.compute_seconds);
  EXPECT_EQ(cost.sent, (std::vector<int64_t>{0, 0}));
}

TEST(StepCostTest, RanksOfOneHostShareItsLink) {
  Machines machines = Ranks({0, 0, 1, 1});
  machines.message_seconds = 0;
  const double shared = Cost(16, machines).seconds;
  machines.host_of_rank = {0, 1, 2, 3};
  // Twice the bytes of a link in two of the three rounds.
  EXPECT_GT(shared - Cost(16, machines).compute_seconds,
            1.3 * (Cost(16, machines).seconds - Cost(16, machines).compute_seconds));
}

TEST(StepCostTest, ARankWithoutImagesWaitsForTheOthers) {
  const StepCost cost = Cost(4, Ranks({0, 1, 2}));
  EXPECT_GT(cost.seconds, 4e-3);
  EXPECT_EQ(cost.sent.size(), 3u);
}

}  // namespace
}  // namespace convoy::step
