// Photographs that show something that looks like ink and is none: paper between strokes, boxes,
// what a turned picture has beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/data/dataset.h"
#include "common/data/digits/generated_digits.h"
#include "common/images/digit.h"
#include "common/images/ground.h"
#include "common/images/surroundings.h"

namespace convoy::images {
namespace {

using ::testing::HasSubstr;

constexpr int kImageSide = 28;
constexpr int kWritten = 20;

struct DigitImages {
  std::vector<uint8_t> pixels = std::vector<uint8_t>(kWritten * kImageSide * kImageSide);

  const uint8_t* at(int i) const {
    return pixels.data() + static_cast<size_t>(i) * kImageSide * kImageSide;
  }
};

// Generated digits; what is asked of them is the same for real ones.
const DigitImages& Digits() {
  static const auto* const digits = [] {
    auto* made = new DigitImages;
    data::Dataset labels{.count = kWritten,
                         .height = kImageSide,
                         .width = kImageSide,
                         .channels = 1,
                         .num_classes = 10};
    labels.labels.resize(kWritten);
    data::GenerateDigits(/*seed=*/11, data::kGeneratedTestSplit, kWritten, /*num_threads=*/1,
                         made->pixels.data(), labels.labels.data());
    return made;
  }();
  return *digits;
}

// A picture of one brightness.
GreyImage Even(int width, int height, uint8_t value) {
  return {.width = width,
          .height = height,
          .pixels = std::vector<uint8_t>(static_cast<size_t>(width) * height, value)};
}

template <typename Value>
GreyImage Painted(GreyImage picture, const Value& value) {
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      uint8_t& pixel = picture.pixels[static_cast<size_t>(y) * picture.width + x];
      pixel = static_cast<uint8_t>(std::clamp<double>(value(x, y, pixel), 0, 255));
    }
  }
  return picture;
}

// Writes digit `i` on the picture, `size` pixels large, from (left, top) on. Edges are soft.
GreyImage Written(const GreyImage& picture, int i, double size, double left, double top,
                  double ink) {
  const GreyImage image{
      kImageSide, kImageSide, {Digits().at(i), Digits().at(i) + kImageSide * kImageSide}};
  const int side = static_cast<int>(size);
  const Plane large = Resample(image, {0, 0, kImageSide, kImageSide}, side, side);
  return Painted(picture, [&](int x, int y, double value) {
    const int px = x - static_cast<int>(left);
    const int py = y - static_cast<int>(top);
    if (px < 0 || py < 0 || px >= side || py >= side) return value;
    const double share = std::clamp((large.at(px, py) - 64) / 128.0, 0.0, 1.0);
    return value + share * (ink - value);
  });
}

double Similarity(const uint8_t* a, const std::vector<uint8_t>& b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    ab += 1.0 * a[i] * b[i];
    aa += 1.0 * a[i] * a[i];
    bb += 1.0 * b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

// How many of the digits are read as what they are.
struct Read {
  int like = 0;
  int refused = 0;
  int unlike = 0;
};

template <typename Picture>
Read ReadAll(const Picture& picture) {
  Read read;
  for (int i = 0; i < kWritten; ++i) {
    const auto prepared = PrepareDigit(picture(i), kImageSide, kImageSide);
    ++(!prepared.ok()                                        ? read.refused
       : Similarity(Digits().at(i), prepared->pixels) > 0.75 ? read.like
                                                             : read.unlike);
  }
  return read;
}

std::string WhyRefused(const GreyImage& picture) {
  return std::string(PrepareDigit(picture, kImageSide, kImageSide).status().message());
}

// A slot in something too thick for a digit is as bright, as thin and as sharp as a stroke of
// chalk.
TEST(PhotoTest, PaperInABlotIsNotTheDigit) {
  const auto blot = [](int slots) {
    return Painted(Even(320, 240, 225), [slots](int x, int y, double value) {
      const bool in = std::hypot((x - 160) / 30.0, (y - 120) / 62.0) < 1;
      const bool slot = (std::abs(x - 176) < 3 && std::abs(y - 115) < 22) ||
                        (slots > 1 && std::abs(x - 160) < 20 && std::abs(y - 160) < 3);
      return in && !slot ? 40 : value;
    });
  };
  for (const int slots : {1, 2}) {
    const auto prepared = PrepareDigit(blot(slots), kImageSide, kImageSide);
    EXPECT_TRUE(!prepared.ok() || prepared->preparation.inverted) << slots;
  }
}

// A shadow with a corner lies on the digit.
TEST(PhotoTest, ShadowsAcrossTheDigitAreNoOutlineOfIt) {
  const Read read = ReadAll([](int i) {
    const GreyImage sheet = Written(Even(360, 300, 230), i, 140, 110, 80, 40);
    return Painted(sheet, [](int x, int y, double value) {
      const bool shadow = y - 160 > 0.9 * (x - 175) && y - 160 > -0.3 * (x - 175);
      return shadow ? 0.55 * value : value;
    });
  });
  EXPECT_GE(read.like, kWritten * 15 / 20);
  EXPECT_EQ(read.unlike, 0);
}

TEST(PhotoTest, TinyPicturesOfBothKindsAreRead) {
  for (const bool chalk : {false, true}) {
    const Read read = ReadAll([chalk](int i) {
      const GreyImage image{
          kImageSide, kImageSide, {Digits().at(i), Digits().at(i) + kImageSide * kImageSide}};
      const Plane small = Resample(image, {0, 0, kImageSide, kImageSide}, 18, 18);
      return Painted(Even(22, 18, 0), [&](int x, int y, double) {
        const double share = x < 2 || x >= 20 ? 0 : small.at(x - 2, y) / 255;
        return chalk ? 60 + 170 * share : 220 - 190 * share;
      });
    });
    EXPECT_GE(read.like, kWritten * 18 / 20) << chalk;
  }
}

// Boxes within boxes, light on a dark screen.
TEST(PhotoTest, FramesAroundTheDigitAreNotTheDigit) {
  const Read read = ReadAll([](int i) {
    const GreyImage screen = Painted(Even(360, 300, 50), [](int x, int y, double value) {
      const int far = std::max(std::abs(x - 180), std::abs(y - 150));
      const bool line = (far >= 92 && far < 95) || (far >= 110 && far < 113);
      return line ? 200 : value;
    });
    return Written(screen, i, 130, 115, 85, 230);
  });
  EXPECT_GE(read.like, kWritten * 18 / 20);
  EXPECT_EQ(read.unlike, 0);
}

// The middle of wide strokes is wider than ink may be at first, and only their ends are left.
TEST(PhotoTest, WideStrokesAreReadWholeOrRefused) {
  int read = 0;
  for (int i = 0; i < kWritten; ++i) {
    const Plane wide = Largest(ToPlane(Written(Even(400, 380, 0), i, 330, 35, 25, 220)), 16);
    const GreyImage picture =
        Painted(Even(400, 380, 0), [&](int x, int y, double) { return 235 - wide.at(x, y); });
    const auto prepared = PrepareDigit(picture, kImageSide, kImageSide);
    if (!prepared.ok()) continue;
    ++read;
    const auto all = PrepareDrawing(picture, kImageSide, kImageSide);
    EXPECT_GT(Similarity(all->pixels.data(), prepared->pixels), 0.8) << i;
  }
  EXPECT_GE(read, kWritten / 2);
}

// Lines slant, and cross at a right angle: they are the digit's own and no sheet's.
TEST(PhotoTest, StrokesThatSlantAreNoSheetAskew) {
  const auto cross = Painted(Even(320, 300, 230), [](int x, int y, double value) {
    const double along = (x - 160 + y - 150) / 1.414;
    const double across = (y - 150 - x + 160) / 1.414;
    const bool leg = std::abs(across) < 12 && std::abs(along) < 110;
    const bool arm = std::abs(along - 20) < 12 && across > -80 && across < 12;
    return leg || arm ? 40 : value;
  });
  const auto prepared = PrepareDigit(cross, kImageSide, kImageSide);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->preparation.turned, 0);
}

// The grain of a desk is as thin as strokes, but nothing beside the contrast of the sheet.
TEST(PhotoTest, SpotsOfADeskAreNotTheDigit) {
  const GreyImage desk = Painted(Even(360, 300, 70), [](int x, int y, double value) {
    const bool sheet = x > 60 && x < 230 && y > 50 && y < 250;
    const bool spot = std::abs(x - 300 + (y - 150) / 3) < 5 && std::abs(y - 150) < 24;
    return sheet ? 235 : spot ? 48 : value;
  });
  EXPECT_THAT(WhyRefused(desk), HasSubstr("cut the picture to the digit"));
}

TEST(PhotoTest, PaperAroundADigitInTheSunIsNotTheDigit) {
  // A ray of light on the sheet, which is in shadow otherwise, with the digit in it.
  const Read read = ReadAll([](int i) {
    const GreyImage sheet = Written(Even(360, 280, 235), i, 110, 125, 80, 45);
    return Painted(sheet, [](int x, int y, double value) {
      const double from_ray = std::abs(y - 135 + (x - 180) / 6);
      return value * (from_ray < 62 + 0.2 * (x - 180) ? 1 : 0.4);
    });
  });
  EXPECT_LE(read.unlike, 1);
  EXPECT_GE(read.like, kWritten * 15 / 20);
}

TEST(SurroundingsTest, TellPaperBetweenStrokesFromStrokes) {
  // Two dark bars, and a strip of paper between them.
  const Plane picture = ToPlane(Painted(Even(200, 160, 220), [](int x, int y, double value) {
    const bool bar = std::abs(y - 80) < 50 && std::abs(std::abs(x - 100) - 14) < 7;
    return bar ? 30 : value;
  }));
  const Flattened dark = Flatten(picture, true, 20);
  const Flattened light = Flatten(picture, false, 20);
  const auto mask = [](int from, int to) {
    return ToPlane(Painted(Even(200, 160, 0), [&](int x, int y, double) {
      return std::abs(y - 80) < 50 && x >= from && x < to ? 1 : 0;
    }));
  };
  const Surroundings paper = SurroundingsOf(mask(94, 107), 220, 30, light, dark);
  EXPECT_GT(paper.thin, 0.6);
  EXPECT_TRUE(IsGroundOfOther(paper, /*dark=*/false));
  const Surroundings bar = SurroundingsOf(mask(108, 121), 30, 220, dark, light);
  EXPECT_LT(bar.thin, 0.6);
  EXPECT_EQ(bar.cut, 0);
  EXPECT_FALSE(IsGroundOfOther(bar, /*dark=*/true));
}

}  // namespace
}  // namespace convoy::images
