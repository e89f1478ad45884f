#include "common/images/colors.h"

#include <gtest/gtest.h>

#include <vector>

namespace convoy::images {
namespace {

std::vector<uint8_t> Grey(const std::vector<uint8_t>& pixels, int channels) {
  const int width = static_cast<int>(pixels.size()) / channels;
  return ToGrey(pixels.data(), 1, width, channels).pixels;
}

using Bytes = std::vector<uint8_t>;

TEST(ColorsTest, GreyStaysGrey) {
  EXPECT_EQ(Grey({0, 1, 128, 255}, 1), (Bytes{0, 1, 128, 255}));
  EXPECT_EQ(Grey({7, 255, 200, 255}, 2), (Bytes{7, 200}));
  EXPECT_EQ(Grey({9, 9, 9, 255, 255, 255}, 3), (Bytes{9, 255}));
}

TEST(ColorsTest, ColoursBecomeTheirBrightness) {
  EXPECT_EQ(Grey({255, 0, 0, 0, 255, 0, 0, 0, 255}, 3), (Bytes{76, 150, 29}));
}

TEST(ColorsTest, TransparentPixelsAreTheOppositeOfTheDrawing) {
  // Black ink on nothing, white ink on nothing, and half transparent ink.
  EXPECT_EQ(Grey({0, 255, 77, 0}, 2), (Bytes{0, 255}));
  EXPECT_EQ(Grey({255, 255, 77, 0}, 2), (Bytes{255, 0}));
  EXPECT_EQ(Grey({10, 10, 10, 255, 0, 0, 0, 0, 10, 10, 10, 128}, 4), (Bytes{10, 255, 132}));
}

TEST(ColorsTest, NothingAtAllIsOneColour) { EXPECT_EQ(Grey({5, 0, 9, 0}, 2), (Bytes{0, 0})); }

}  // namespace
}  // namespace convoy::images
