#include "common/figures/axes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::figures {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(NiceAxisTest, EndsAtRoundNumbers) {
  const Axis axis = NiceAxis(0.031, 0.262, 6);
  EXPECT_THAT(axis.ticks,
              ElementsAre(DoubleNear(0, 1e-12), DoubleNear(0.05, 1e-12), DoubleNear(0.1, 1e-12),
                          DoubleNear(0.15, 1e-12), DoubleNear(0.2, 1e-12), DoubleNear(0.25, 1e-12),
                          DoubleNear(0.3, 1e-12)));
  EXPECT_EQ(axis.decimals, 2);
}

TEST(NiceAxisTest, CoversItsRangeWithFewTicks) {
  for (const double low : {-1000.0, -0.7, 0.0, 0.001, 97.2}) {
    for (const double span : {0.0, 1e-12, 0.003, 1.0, 12345.0}) {
      const Axis axis = NiceAxis(low, low + span, 6);
      EXPECT_LE(axis.low, low + 1e-6 * span);
      EXPECT_GE(axis.high, low + span - 1e-6 * span);
      EXPECT_LT(axis.low, axis.high);
      EXPECT_LE(axis.ticks.size(), 9u) << low << " " << span;
      EXPECT_GE(axis.ticks.size(), 2u);
    }
  }
}

TEST(WholeNumberAxisTest, MarksEpochs) {
  EXPECT_THAT(WholeNumberAxis(1, 5, 10).ticks, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(WholeNumberAxis(1, 50, 10).ticks, SizeIs(10));
  EXPECT_THAT(WholeNumberAxis(1, 1, 10).ticks, ElementsAre(1));
}

TEST(RoundMarksTest, StayWithinTheBar) {
  const std::vector<BarMark> marks = RoundMarks(-0.47, 0.47, Language::kEnglish);
  ASSERT_THAT(marks, SizeIs(5));
  EXPECT_EQ(marks[0].text, "-0.4");
  EXPECT_EQ(marks[2].text, "0.0");
  EXPECT_DOUBLE_EQ(marks[2].place, 0.5);
}

TEST(ColorMapTest, EndsAndOrder) {
  EXPECT_DOUBLE_EQ(Blues(0).blue, 1);
  EXPECT_LT(Blues(1).green, 0.3);
  EXPECT_DOUBLE_EQ(Viridis(-3).red, Viridis(0).red);
  EXPECT_DOUBLE_EQ(Viridis(7).red, Viridis(1).red);
  EXPECT_LT(BlueOrange(0).red, BlueOrange(0).blue);
  EXPECT_GT(BlueOrange(1).red, BlueOrange(1).blue);
  EXPECT_EQ(InkOn(kWhite).red, kInk.red);
  EXPECT_EQ(InkOn(Blues(1)).red, 1);
}

}  // namespace
}  // namespace convoy::figures
