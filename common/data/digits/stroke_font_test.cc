#include "common/data/digits/stroke_font.h"

#include <gtest/gtest.h>

namespace convoy::data {
namespace {

class DigitFamiliesTest : public ::testing::TestWithParam<int> {};

TEST_P(DigitFamiliesTest, EveryDigitIsWrittenInSeveralWays) {
  size_t num_poses = 0;
  for (const PoseFamily& family : DigitFamilies(GetParam())) num_poses += family.poses.size();
  EXPECT_GE(DigitFamilies(GetParam()).size(), 3u);
  EXPECT_GE(num_poses, 8u);
}

TEST_P(DigitFamiliesTest, PointsAreInsideTheFrame) {
  for (const PoseFamily& family : DigitFamilies(GetParam())) {
    EXPECT_GT(family.weight, 0);
    for (const Pose& pose : family.poses) {
      for (const PenStroke& stroke : pose) {
        for (const ControlPoint& point : stroke) {
          EXPECT_GE(point.x, -10);
          EXPECT_LE(point.x, 100);
          EXPECT_GE(point.y, -10);
          EXPECT_LE(point.y, 110);
        }
      }
    }
  }
}

TEST_P(DigitFamiliesTest, WeightsAreParts) {
  int total = 0;
  for (const PoseFamily& family : DigitFamilies(GetParam())) total += family.weight;
  EXPECT_EQ(total, 100);
}

INSTANTIATE_TEST_SUITE_P(Digits, DigitFamiliesTest, ::testing::Range(0, 10));

TEST(ParsePoseTest, ReadsStrokesPointsAndCorners) {
  const Pose pose = ParsePose("1,2 -3,40! 5,6 | 7,8  9,10");
  ASSERT_EQ(pose.size(), 2u);
  ASSERT_EQ(pose[0].size(), 3u);
  ASSERT_EQ(pose[1].size(), 2u);
  EXPECT_EQ(pose[0][1].x, -3);
  EXPECT_EQ(pose[0][1].y, 40);
  EXPECT_TRUE(pose[0][1].corner);
  EXPECT_FALSE(pose[0][2].corner);
  EXPECT_EQ(pose[1][1].y, 10);
}

TEST(ParsePoseDeathTest, MalformedTextIsRefused) {
  EXPECT_DEATH(ParsePose("1,2 3"), "CHECK|TakeIf");
  EXPECT_DEATH(ParsePose("1,2 a,3"), "errc");
  EXPECT_DEATH(ParsePose("1,2"), "stroke.size");
}

}  // namespace
}  // namespace convoy::data
