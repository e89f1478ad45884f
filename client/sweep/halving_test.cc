#include "client/sweep/halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(HalvingTest, EachRoundIsHalfOfTheNext) {
  EXPECT_THAT(HalvingEpochs(8, 16), ElementsAre(2, 4, 8));
  EXPECT_THAT(HalvingEpochs(4, 5), ElementsAre(2, 3));
  EXPECT_THAT(HalvingEpochs(3, 8), ElementsAre(2, 4));
  EXPECT_THAT(HalvingEpochs(2, 2), ElementsAre(1));
  EXPECT_THAT(HalvingEpochs(2, 3), ElementsAre(2));
}

TEST(HalvingTest, NoMoreRoundsThanEpochs) {
  EXPECT_THAT(HalvingEpochs(1000, 3), ElementsAre(1, 2));
  EXPECT_THAT(HalvingEpochs(8, 1), IsEmpty());
  EXPECT_THAT(HalvingEpochs(1, 8), IsEmpty());
}

TEST(HalvingTest, TheBetterHalfGoesOn) {
  const auto endings = Halve({0.1, 0.9, 0.5, 0.7, 0.3}, 2);
  EXPECT_FALSE(endings[1] || endings[2] || endings[3]);
  ASSERT_TRUE(endings[0] && endings[4]);
  EXPECT_EQ(endings[0]->place, 5);
  EXPECT_EQ(endings[4]->place, 4);
  EXPECT_EQ(endings[4]->of, 5);
  EXPECT_EQ(endings[4]->epoch, 2);
  EXPECT_EQ(endings[4]->value, 0.3);
  EXPECT_EQ(endings[4]->least_kept, 0.5);
}

TEST(HalvingTest, OfEqualOnesTheEarlierGoesOn) {
  const auto endings = Halve({0.5, 0.5, 0.5, 0.5}, 1);
  EXPECT_FALSE(endings[0] || endings[1]);
  EXPECT_TRUE(endings[2] && endings[3]);
  EXPECT_FALSE(Halve({0.5}, 1)[0]);
}

}  // namespace
}  // namespace convoy::client
