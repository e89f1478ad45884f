#include "common/images/grey_image.h"

#include <gtest/gtest.h>

namespace convoy::images {
namespace {

TEST(ResampleTest, SameSizeIsTheSameImage) {
  const Plane plane{3, 2, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(Resample(plane, {0, 0, 3, 2}, 3, 2).values, plane.values);
}

TEST(ResampleTest, ShrinkingTakesMeansOfAreas) {
  const Plane plane{4, 2, {1, 3, 5, 7, 5, 7, 9, 11}};
  EXPECT_EQ(Resample(plane, {0, 0, 4, 2}, 2, 1).values, (std::vector<float>{4, 8}));
  // Three pixels into two: each takes one and a half.
  const Plane row{3, 1, {3, 6, 9}};
  const Plane halves = Resample(row, {0, 0, 3, 1}, 2, 1);
  EXPECT_FLOAT_EQ(halves.values[0], 4);
  EXPECT_FLOAT_EQ(halves.values[1], 8);
}

TEST(ResampleTest, GrowingInterpolates) {
  const Plane row{2, 1, {0, 4}};
  EXPECT_EQ(Resample(row, {0, 0, 2, 1}, 4, 1).values, (std::vector<float>{0, 1, 3, 4}));
  const Plane point{1, 1, {5}};
  EXPECT_EQ(Resample(point, {0, 0, 1, 1}, 2, 2).values, (std::vector<float>{5, 5, 5, 5}));
}

TEST(ResampleTest, TakesOnlyTheBox) {
  const Plane plane{4, 3, {0, 0, 0, 9, 0, 1, 2, 9, 0, 3, 4, 9}};
  EXPECT_EQ(Resample(plane, {1, 1, 2, 2}, 2, 2).values, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(Resample(plane, {1, 1, 2, 2}, 1, 1).values, (std::vector<float>{2.5f}));
}

}  // namespace
}  // namespace convoy::images
