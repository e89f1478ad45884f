#include "worker/step/batch_cuts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "worker/step/summation_tree.h"

namespace convoy::step {
namespace {

using Bounds = std::vector<int64_t>;

// Most sums of a rank.
size_t MostSums(const Bounds& bounds) {
  size_t most = 0;
  for (size_t rank = 0; rank + 1 < bounds.size(); ++rank) {
    most = std::max(most, CoverWithNodes(bounds.back(), {bounds[rank], bounds[rank + 1]}).size());
  }
  return most;
}

// Micro-batches of the busiest thread.
int64_t Load(const Bounds& bounds, const std::vector<int>& threads) {
  int64_t most = 0;
  for (size_t rank = 0; rank < threads.size(); ++rank) {
    const int64_t run = bounds[rank + 1] - bounds[rank];
    most = std::max(most, (run + threads[rank] - 1) / threads[rank]);
  }
  return most;
}

TEST(BatchCutsTest, RunsAreEvenWhereSumsCostNothing) {
  EXPECT_EQ(CutBetweenRanks(128, 16, {1, 1, 1}, 0), (Bounds{0, 43, 86, 128}));
  EXPECT_EQ(CutBetweenRanks(7, 16, {1, 2}, 0), (Bounds{0, 3, 7}));
}

TEST(BatchCutsTest, PowersOfTwoStayEven) {
  EXPECT_EQ(CutBetweenRanks(128, 16, {2, 2, 2, 2}, 1000), (Bounds{0, 32, 64, 96, 128}));
}

// 43, 43 and 42 would be 3, 6 and 3 sums.
TEST(BatchCutsTest, CutsGoToWhereSubtreesEndIfSumsAreDear) {
  EXPECT_EQ(CutBetweenRanks(128, 16, {2, 2, 2}, 100), (Bounds{0, 48, 96, 128}));
  EXPECT_EQ(MostSums({0, 48, 96, 128}), 2u);
}

TEST(BatchCutsTest, CutsStayWhereImagesAreDearer) {
  const Bounds bounds = CutBetweenRanks(128, 16, {1, 1, 1}, 1);
  EXPECT_EQ(Load(bounds, {1, 1, 1}), 43);
  // What costs nothing is taken: sums that are fewer with the same load.
  const std::vector<int> threads = {2, 2, 2};
  const Bounds of_two = CutBetweenRanks(128, 16, threads, 1);
  EXPECT_EQ(Load(of_two, threads), 22);
  EXPECT_EQ(MostSums(of_two), 4u);
}

TEST(BatchCutsTest, RanksHaveAsMuchAsTheirThreadsAllow) {
  const std::vector<int> threads = {4, 1, 1};
  const Bounds bounds = CutBetweenRanks(96, 16, threads, 1000);
  EXPECT_LE(Load(bounds, threads), 18);
  EXPECT_EQ(bounds, (Bounds{0, 64, 80, 96}));
}

TEST(BatchCutsTest, FewMicroBatchesLeaveRanksWithNothing) {
  EXPECT_EQ(CutBetweenRanks(2, 16, {1, 1, 1}, 100), (Bounds{0, 1, 2, 2}));
}

// Whatever the sizes: bounds rise, no thread has too much, no rank more sums than evenly.
TEST(BatchCutsTest, CutsKeepTheirBounds) {
  RandomSequence random(5, RandomStream::kNoise, 0);
  for (int round = 0; round < 300; ++round) {
    const auto count = static_cast<int64_t>(1 + random.NextBelow(round < 200 ? 64 : 5000));
    std::vector<int> threads;
    for (uint32_t rank = 0; rank <= random.NextBelow(9); ++rank) {
      threads.push_back(static_cast<int>(1 + random.NextBelow(4)));
    }
    const Bounds even = CutBetweenRanks(count, 16, threads, 0);
    for (const double images_per_sum : {1e-3, 10.0, 1e6}) {
      const Bounds bounds = CutBetweenRanks(count, 16, threads, images_per_sum);
      ASSERT_EQ(bounds.size(), threads.size() + 1);
      EXPECT_EQ(bounds.front(), 0);
      EXPECT_EQ(bounds.back(), count);
      EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
      EXPECT_LE(8 * Load(bounds, threads), 9 * Load(even, threads));
      EXPECT_LE(MostSums(bounds), MostSums(even));
    }
  }
}

// No other cuts would be cheaper, for few enough micro-batches to try all.
TEST(BatchCutsTest, NoCutsOfThreeRanksAreCheaper) {
  for (const int64_t count : {16, 21, 32, 48}) {
    const std::vector<int> threads = {1, 1, 1};
    const int64_t most = Load(CutBetweenRanks(count, 16, threads, 0), threads) * 9 / 8;
    const auto cost = [&](const Bounds& bounds) {
      return 16.0 * static_cast<double>(Load(bounds, threads)) +
             40.0 * static_cast<double>(MostSums(bounds));
    };
    double least = 1e9;
    for (int64_t first = 0; first <= count; ++first) {
      for (int64_t second = first; second <= count; ++second) {
        const Bounds bounds = {0, first, second, count};
        if (Load(bounds, threads) <= most) least = std::min(least, cost(bounds));
      }
    }
    EXPECT_EQ(cost(CutBetweenRanks(count, 16, threads, 40)), least) << count;
  }
}

TEST(BatchCutsTest, ASumCostsFewerImagesWhereAnImageTakesLonger) {
  const auto of = [](const char* name, int64_t batch) {
    return ImagesPerSum(nn::Plan(nn::Network::Create(nn::LoadModelSpec(name).value()).value()),
                        batch);
  };
  EXPECT_GT(of("notebook", 2048), 10 * of("notebook", 128));  // whose large kernel is factored
  EXPECT_GT(of("notebook", 2048), of("cifar10_good", 2048));
}

}  // namespace
}  // namespace convoy::step
