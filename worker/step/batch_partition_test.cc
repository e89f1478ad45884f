#include "worker/step/batch_partition.h"

#include <gtest/gtest.h>

namespace convoy::step {
namespace {

TEST(BatchPartitionTest, DealsMicroBatchesToThreadsOfRanks) {
  const BatchPartition partition(100, 16, {1, 2});
  EXPECT_EQ(partition.num_micro_batches(), 7);
  EXPECT_EQ(partition.ImagesOf(6), (Range{96, 100}));
  EXPECT_EQ(partition.RunOfThread(0, 0), (Range{0, 3}));
  EXPECT_EQ(partition.RunOfThread(1, 1), (Range{5, 7}));
  EXPECT_EQ(partition.RunOfRank(1), (Range{3, 7}));
  EXPECT_EQ(partition.NodesOfRank(1), (std::vector<Range>{{3, 4}, {4, 7}}));
}

TEST(BatchPartitionTest, RanksBeyondTheMicroBatchesHaveNothing) {
  const BatchPartition partition(17, 16, {1, 1, 1});
  EXPECT_TRUE(partition.RunOfRank(2).empty());
  EXPECT_TRUE(partition.NodesOfRank(2).empty());
  EXPECT_EQ(partition.NodesOfAllRanks(), (std::vector<Range>{{0, 1}, {1, 2}}));
}

TEST(BatchPartitionTest, EpochHasFullBatchesAndAShorterLast) {
  const std::vector<BatchPartition> batches = PartitionEpoch(266, 128, 16, {2});
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[kFullBatch].batch_images(), 128);
  EXPECT_EQ(batches[kLastBatch].batch_images(), 10);
  EXPECT_EQ(PartitionEpoch(100, 128, 16, {2})[kFullBatch].batch_images(), 100);
}

}  // namespace
}  // namespace convoy::step
