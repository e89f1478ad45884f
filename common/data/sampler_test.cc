#include "common/data/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace convoy::data {
namespace {

using ::testing::ElementsAre;

std::vector<uint32_t> Order(uint64_t seed, uint32_t epoch, int64_t num_images) {
  std::vector<uint32_t> order;
  EpochOrder(seed, epoch, num_images, &order);
  return order;
}

TEST(EpochOrderTest, IsAPermutation) {
  for (int64_t num_images : {0, 1, 2, 9629}) {
    std::vector<uint32_t> order = Order(42, 0, num_images);
    ASSERT_EQ(static_cast<int64_t>(order.size()), num_images);
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i);
  }
}

TEST(EpochOrderTest, StaysTheSameForEver) {
  // Checkpoints are resumed in the middle of an epoch: these numbers are a promise.
  EXPECT_THAT(Order(42, 0, 10), ElementsAre(7, 0, 1, 2, 8, 5, 9, 4, 3, 6));
  EXPECT_THAT(Order(42, 1, 10), ElementsAre(3, 1, 0, 4, 8, 7, 9, 6, 2, 5));
}

TEST(EpochOrderTest, DependsOnSeedAndEpochAlone) {
  std::vector<uint32_t> used(100'000, 7);
  EpochOrder(1, 2, 1000, &used);
  EXPECT_EQ(used, Order(1, 2, 1000));
  EXPECT_NE(used, Order(1, 3, 1000));
  EXPECT_NE(used, Order(2, 2, 1000));
  EXPECT_NE(used, Order(1 + (uint64_t{1} << 32), 2, 1000)) << "all 64 bits of the seed count";
}

TEST(EpochOrderTest, EveryPlaceIsEquallyLikely) {
  constexpr int kImages = 5;
  constexpr int kEpochs = 20'000;
  std::array<std::array<int, kImages>, kImages> counts{};  // [image, place]
  std::vector<uint32_t> order;
  for (uint32_t epoch = 0; epoch < kEpochs; ++epoch) {
    EpochOrder(3, epoch, kImages, &order);
    for (size_t place = 0; place < kImages; ++place) ++counts[order[place]][place];
  }
  // 4000 expected, standard deviation 57.
  for (const auto& of_image : counts) {
    for (const int count : of_image) EXPECT_NEAR(count, kEpochs / kImages, 300);
  }
}

TEST(BatchRangeTest, LastBatchIsSmaller) {
  EXPECT_EQ(StepsPerEpoch(48000, 128), 375);
  EXPECT_EQ(StepsPerEpoch(9629, 128), 76);
  EXPECT_EQ(BatchRange(9629, 128, 0), (Range{0, 128}));
  EXPECT_EQ(BatchRange(9629, 128, 75), (Range{9600, 9629}));
  EXPECT_EQ(BatchRange(9601, 128, 75).size(), 1);
  EXPECT_EQ(StepsPerEpoch(5, 128), 1);
  EXPECT_EQ(BatchRange(5, 128, 0), (Range{0, 5}));
  EXPECT_EQ(StepsPerEpoch(0, 128), 0);
}

TEST(MicroBatchRangeTest, OnlyTheLastIsShorter) {
  EXPECT_EQ(MicroBatchCount(100, 16), 7);
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(MicroBatchRange(100, 16, i), (Range{16 * i, 16 * i + 16}));
  EXPECT_EQ(MicroBatchRange(100, 16, 6), (Range{96, 100}));
  EXPECT_EQ(MicroBatchCount(128, 16), 8);
  EXPECT_EQ(MicroBatchRange(29, 16, 1).size(), 13);
  EXPECT_EQ(MicroBatchCount(1, 16), 1);
}

TEST(MicroBatchDeathTest, PieceBeyondTheLastIsABug) {
  EXPECT_DEATH(MicroBatchRange(100, 16, 7), "");
  EXPECT_DEATH(BatchRange(100, 0, 0), "");
}

}  // namespace
}  // namespace convoy::data
