#include "worker/step/batch_layout.h"

#include <gtest/gtest.h>

namespace convoy::reduce {
namespace {

TEST(BatchLayoutTest, DealsMicroBatchesToThreadsOfRanks) {
  const BatchLayout layout(100, 16, {1, 2});
  EXPECT_EQ(layout.num_micro_batches(), 7);
  EXPECT_EQ(layout.ImagesOf(6), (Range{96, 100}));
  EXPECT_EQ(layout.RunOfThread(0, 0), (Range{0, 3}));
  EXPECT_EQ(layout.RunOfThread(1, 1), (Range{5, 7}));
  EXPECT_EQ(layout.RunOfRank(1), (Range{3, 7}));
  EXPECT_EQ(layout.NodesOfRank(1), (std::vector<Range>{{3, 4}, {4, 7}}));
}

TEST(BatchLayoutTest, RanksBeyondTheMicroBatchesHaveNothing) {
  const BatchLayout layout(17, 16, {1, 1, 1});
  EXPECT_TRUE(layout.RunOfRank(2).empty());
  EXPECT_TRUE(layout.NodesOfRank(2).empty());
  EXPECT_EQ(layout.NodesOfAllRanks(), (std::vector<Range>{{0, 1}, {1, 2}}));
}

}  // namespace
}  // namespace convoy::reduce
