#include "common/data/digits/handwriting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "common/data/digits/stroke_font.h"

namespace convoy::data {
namespace {

RandomSequence HandSequence(uint32_t index) {
  return RandomSequence(11, RandomStream::kGeneratedDigits, 0, index);
}

class WriteDigitTest : public ::testing::TestWithParam<int> {};

TEST_P(WriteDigitTest, PathsAreUnbrokenLinesOfShortPieces) {
  for (uint32_t index = 0; index < 300; ++index) {
    RandomSequence random = HandSequence(index);
    for (const PenPath& path : WriteDigit(GetParam(), random)) {
      ASSERT_GE(path.size(), 2u);
      for (size_t p = 0; p + 1 < path.size(); ++p) {
        ASSERT_LT(std::hypot(path[p + 1].x - path[p].x, path[p + 1].y - path[p].y), 25);
        ASSERT_GT(path[p].pressure, 0.5);
        ASSERT_LT(path[p].pressure, 2.0);
      }
    }
  }
}

TEST_P(WriteDigitTest, SomeHandsLiftThePenAndOthersDoNot) {
  size_t fewest = 100;
  size_t most = 0;
  for (const PoseFamily& family : DigitFamilies(GetParam())) {
    fewest = std::min(fewest, family.poses.front().size());
    most = std::max(most, family.poses.front().size());
  }
  size_t fewest_written = 100;
  size_t most_written = 0;
  for (uint32_t index = 0; index < 300; ++index) {
    RandomSequence random = HandSequence(index);
    const size_t strokes = WriteDigit(GetParam(), random).size();
    fewest_written = std::min(fewest_written, strokes);
    most_written = std::max(most_written, strokes);
  }
  EXPECT_EQ(fewest_written, fewest);
  EXPECT_EQ(most_written, most);
}

TEST_P(WriteDigitTest, NoTwoHandsAreTheSame) {
  RandomSequence random = HandSequence(0);
  const std::vector<PenPath> first = WriteDigit(GetParam(), random);
  const std::vector<PenPath> second = WriteDigit(GetParam(), random);
  RandomSequence same = HandSequence(0);
  const std::vector<PenPath> again = WriteDigit(GetParam(), same);
  EXPECT_EQ(first[0][0].x, again[0][0].x);
  EXPECT_EQ(first[0].back().y, again[0].back().y);
  EXPECT_NE(first[0][0].x, second[0][0].x);
}

INSTANTIATE_TEST_SUITE_P(Digits, WriteDigitTest, ::testing::Range(0, 10));

}  // namespace
}  // namespace convoy::data
