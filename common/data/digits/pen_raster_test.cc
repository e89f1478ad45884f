#include "common/data/digits/pen_raster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace convoy::data {
namespace {

std::vector<uint8_t> Draw(const std::vector<PenPath>& paths, const Pen& pen) {
  std::vector<uint8_t> pixels(kDigitPixels, 0xAA);
  DrawPaths(paths, pen, pixels.data());
  return pixels;
}

int At(const std::vector<uint8_t>& pixels, int row, int column) {
  return pixels[static_cast<size_t>(row * kDigitSize + column)];
}

int Ink(const std::vector<uint8_t>& pixels) {
  return std::accumulate(pixels.begin(), pixels.end(), 0);
}

// A pen of radius 1.5 is three pixels wide: a line down the middle of the box covers two columns
// fully and a half of the two beside them, and the rows 4 to 23. The scanner misses the faintest
// ink: a half becomes (0.5 - 0.04) / 0.96 of 255.
TEST(DrawPathsTest, VerticalLineHasThePensWidthAndFillsTheBox) {
  const std::vector<uint8_t> pixels = Draw({{{0, 0, 1}, {0, 50, 1}}}, {1.5, 0, 1});
  EXPECT_EQ(At(pixels, 14, 12), 122);
  EXPECT_EQ(At(pixels, 14, 13), 255);
  EXPECT_EQ(At(pixels, 14, 14), 255);
  EXPECT_EQ(At(pixels, 14, 15), 122);
  EXPECT_EQ(At(pixels, 14, 11), 0);
  EXPECT_EQ(At(pixels, 14, 16), 0);
  EXPECT_EQ(At(pixels, 3, 13), 0);
  EXPECT_GT(At(pixels, 4, 13), 0);
  EXPECT_GT(At(pixels, 23, 13), 0);
  EXPECT_EQ(At(pixels, 24, 13), 0);
}

TEST(DrawPathsTest, SizeAndPlaceOfThePathsDoNotMatter) {
  const std::vector<PenPath> paths = {{{0, 0, 1}, {32, 0, 1}, {16, 64, 1}}};
  std::vector<PenPath> moved = paths;
  for (PathPoint& point : moved[0]) {
    point.x = 4 * point.x - 1024;
    point.y = 4 * point.y + 256;
  }
  EXPECT_EQ(Draw(paths, {}), Draw(moved, {}));
}

// Nearly all ink is at the left: the box moves right as far as the image allows.
TEST(DrawPathsTest, CentreOfMassMovesTheBoxButNotOutOfTheImage) {
  const std::vector<PenPath> paths = {{{0, 0, 3}, {0, 100, 3}}, {{0, 50, 0.2}, {100, 50, 0.2}}};
  const std::vector<uint8_t> pixels = Draw(paths, {1.5, 0, 1});
  int first_column = kDigitSize;
  for (int row = 0; row < kDigitSize; ++row) {
    for (int column = 0; column < kDigitSize; ++column) {
      if (At(pixels, row, column) > 0) first_column = std::min(first_column, column);
    }
  }
  EXPECT_EQ(first_column, 8);
}

TEST(DrawPathsTest, PressureWidensTheLine) {
  const int thin = Ink(Draw({{{0, 0, 1}, {0, 50, 1}}}, {1, 0, 1}));
  const int thick = Ink(Draw({{{0, 0, 2}, {0, 50, 2}}}, {1, 0, 1}));
  EXPECT_NEAR(thick, 2 * thin, 0.1 * thick);
}

TEST(DrawPathsTest, BlurSpreadsInkAndContrastBrightensIt) {
  const std::vector<PenPath> line = {{{0, 0, 1}, {0, 50, 1}}};
  const std::vector<uint8_t> sharp = Draw(line, {1, 0, 1});
  const std::vector<uint8_t> blurred = Draw(line, {1, 0.2, 1});
  const std::vector<uint8_t> bright = Draw(line, {1, 0.2, 1.5});
  EXPECT_LT(At(blurred, 14, 13), At(sharp, 14, 13));
  EXPECT_GT(At(blurred, 14, 12), At(sharp, 14, 12));
  EXPECT_NEAR(Ink(blurred), Ink(sharp), 0.1 * Ink(sharp));
  EXPECT_GT(Ink(bright), 1.2 * Ink(blurred));
}

TEST(DrawPathsTest, PathOfNoLengthIsADot) {
  const std::vector<uint8_t> pixels = Draw({{{5, 5, 1}, {5, 5, 1}}}, {2, 0, 1});
  EXPECT_EQ(*std::max_element(pixels.begin(), pixels.end()), 255);
}

}  // namespace
}  // namespace convoy::data
