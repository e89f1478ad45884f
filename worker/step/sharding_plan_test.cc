#include "worker/step/sharding_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/nn/plan/network_testing.h"

namespace convoy::step {
namespace {

TEST(EqualPartTest, PartsMakeUpTheWhole) {
  for (const int64_t size : {0, 1, 16, 17, 225034}) {
    for (const int parts : {1, 2, 3, 7}) {
      int64_t next = 0;
      for (int part = 0; part < parts; ++part) {
        const Range range = EqualPart(size, part, parts);
        EXPECT_EQ(range.begin, next);
        next = range.end;
      }
      EXPECT_EQ(next, size);
    }
  }
}

const nn::OuterProductGradient kLarge = {.weight_offset = 100, .inputs = 1600, .units = 128};
const nn::OuterProductGradient kSmall = {
    .weight_offset = 100 + 1600 * 128, .inputs = 128, .units = 10};
constexpr int64_t kTotal = 100 + 1600 * 128 + 128 * 10 + 10;

TEST(ShardingPlanTest, EveryParameterHasOneOwner) {
  for (const int world_size : {1, 2, 3, 5, 80}) {
    const ShardingPlan plan(kTotal, {std::nullopt, kLarge, kSmall}, 128, world_size);
    std::vector<int> owners(static_cast<size_t>(kTotal), 0);
    for (int rank = 0; rank < world_size; ++rank) {
      for (const Range& range : plan.OwnedBy(rank)) {
        for (int64_t i = range.begin; i < range.end; ++i) ++owners[static_cast<size_t>(i)];
      }
    }
    EXPECT_EQ(std::count(owners.begin(), owners.end(), 1), kTotal) << world_size << " ranks";
  }
}

TEST(ShardingPlanTest, LargeKernelsAreFactoredUnlessTheBatchIsLarger) {
  const ShardingPlan small_batch(kTotal, {std::nullopt, kLarge, kSmall}, 128, 2);
  EXPECT_EQ(small_batch.kernels().size(), 1u);
  EXPECT_EQ(small_batch.kernel_of_stage(1), 0);
  EXPECT_EQ(small_batch.kernel_of_stage(2), -1);
  EXPECT_EQ(small_batch.summed(), (std::vector<Range>{{0, 100}, {100 + 1600 * 128, kTotal}}));
  const ShardingPlan large_batch(kTotal, {std::nullopt, kLarge, kSmall}, 1024, 2);
  EXPECT_TRUE(large_batch.kernels().empty());
  EXPECT_EQ(large_batch.summed(), (std::vector<Range>{{0, kTotal}}));
}

// Returns the plan's runs of weights as text: "[begin, end)" and "!" for those that are not
// rounded.
std::string RunsOf(const ShardingPlan& plan, Range range) {
  std::string text;
  for (const ShardingPlan::WeightRun& run : plan.WeightRuns(range)) {
    text += "[" + std::to_string(run.range.begin) + ", " + std::to_string(run.range.end) +
            (Rounds(run.exchange) ? ") " : ")! ");
  }
  return text;
}

TEST(ShardingPlanTest, MovingStatisticsAreNotRounded) {
  const std::vector<Range> moving = {{10, 20}, {20, 25}, {40, 50}};
  const ShardingPlan plan(100, {}, 128, 1, Exchange::kBfloat16, moving);
  EXPECT_EQ(RunsOf(plan, {0, 100}), "[0, 10) [10, 20)! [20, 25)! [25, 40) [40, 50)! [50, 100) ");
  EXPECT_EQ(RunsOf(plan, {12, 45}), "[12, 20)! [20, 25)! [25, 40) [40, 45)! ");
  EXPECT_EQ(RunsOf(plan, {25, 40}), "[25, 40) ");
  EXPECT_EQ(RunsOf(plan, {30, 30}), "");
  EXPECT_EQ(RunsOf(ShardingPlan(100, {}, 128, 1, Exchange::kFloat32, moving), {5, 15}),
            "[5, 15)! ");
}

TEST(ShardingPlanTest, MovingStatisticsAreTheNetworks) {
  const nn::Plan plan(nn::NetworkOf(1, 3, 1, R"(
    layers { flatten {} } layers { batch_normalization {} }
    layers { dense { units: 2 } } layers { activation { function: SOFTMAX } })"));
  // Scale and shift of three values, their moving mean and variance, the dense layer.
  const ShardingPlan sharding = PlanSharding(plan, 128, 2, Exchange::kBfloat16);
  EXPECT_EQ(RunsOf(sharding, {0, 20}), "[0, 6) [6, 9)! [9, 12)! [12, 20) ");
}

}  // namespace
}  // namespace convoy::step
