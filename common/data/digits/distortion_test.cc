#include "common/data/digits/distortion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/base/exact_random.h"

namespace convoy::data {
namespace {

RandomSequence Sequence(uint32_t index) {
  return RandomSequence(5, RandomStream::kGeneratedDigits, 0, index);
}

TEST(NearlyNormalTest, HasMeanZeroVarianceOneAndBounds) {
  RandomSequence random = Sequence(0);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double value = NearlyNormal(random);
    ASSERT_LE(std::abs(value), 3);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 20000, 0, 0.03);
  EXPECT_NEAR(squares / 20000, 1, 0.04);
}

TEST(RandomScaleTest, LogarithmHasMeanZeroAndTheSpread) {
  RandomSequence random = Sequence(1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double value = std::log(RandomScale(random, 0.3));
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 20000, 0, 0.01);
  EXPECT_NEAR(std::sqrt(squares / 20000), 0.3, 0.01);
}

TEST(ElasticFieldTest, NoDeviationMovesNothing) {
  RandomSequence random = Sequence(2);
  const ElasticField field(0, random);
  double x = 31;
  double y = 77;
  field.Displace(x, y);
  EXPECT_EQ(x, 31);
  EXPECT_EQ(y, 77);
}

// The weights of a B-spline are positive and sum to 1: no displacement is beyond the grid's
// largest.
TEST(ElasticFieldTest, DisplacementsAreBoundedAndSmooth) {
  RandomSequence random = Sequence(3);
  const ElasticField field(10, random);
  double moved = 0;
  for (double at_y = -40; at_y < 140; at_y += 7) {
    double last = 0;
    for (double at_x = -40; at_x < 140; at_x += 0.5) {
      double x = at_x;
      double y = at_y;
      field.Displace(x, y);
      ASSERT_LE(std::abs(x - at_x), 30);
      ASSERT_LE(std::abs(y - at_y), 30);
      if (at_x > -40) {
        ASSERT_LT(std::abs(y - at_y - last), 1);
      }
      last = y - at_y;
      moved = std::max(moved, std::abs(last));
    }
  }
  EXPECT_GT(moved, 3);
}

TEST(AffineMapTest, IsLinearAndKeepsSidesApart) {
  for (uint32_t index = 0; index < 500; ++index) {
    RandomSequence random = Sequence(index);
    const AffineMap map(random);
    double right_x = 1, right_y = 0, down_x = 0, down_y = 1, both_x = 1, both_y = 1;
    map.Apply(right_x, right_y);
    map.Apply(down_x, down_y);
    map.Apply(both_x, both_y);
    ASSERT_NEAR(both_x, right_x + down_x, 1e-12);
    ASSERT_NEAR(both_y, right_y + down_y, 1e-12);
    // Neither mirrored nor flat: the area of the unit square is the stretch.
    const double area = right_x * down_y - right_y * down_x;
    ASSERT_GT(area, 0.35);
    ASSERT_LT(area, 2.8);
  }
}

}  // namespace
}  // namespace convoy::data
