#include "worker/step/sharding_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

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

}  // namespace
}  // namespace convoy::step
