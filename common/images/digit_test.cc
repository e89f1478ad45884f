#include "common/images/digit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "common/data/dataset.h"
#include "common/data/digits/generated_digits.h"
#include "common/images/ground.h"
#include "common/images/strokes.h"

namespace convoy::images {
namespace {

using ::testing::HasSubstr;

constexpr int kSide = 28;
constexpr int kDigits = 40;

// How a digit is drawn: enlarged so many times, from (x, y) on.
struct Drawing {
  int width;
  int height;
  int times;
  int x;
  int y;
  double background = 255;
  double ink = 0;
  double shade = 0;  // how much darker the right edge is than the left
};

GreyImage Draw(const uint8_t* digit, const Drawing& drawing) {
  GreyImage picture{.width = drawing.width, .height = drawing.height};
  for (int y = 0; y < drawing.height; ++y) {
    for (int x = 0; x < drawing.width; ++x) {
      const int px = x < drawing.x ? -1 : (x - drawing.x) / drawing.times;
      const int py = y < drawing.y ? -1 : (y - drawing.y) / drawing.times;
      const bool inside = px >= 0 && py >= 0 && px < kSide && py < kSide;
      const double share = inside ? digit[py * kSide + px] / 255.0 : 0;
      const double value = drawing.background + share * (drawing.ink - drawing.background) -
                           drawing.shade * x / drawing.width;
      picture.pixels.push_back(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
    }
  }
  return picture;
}

// The correlation of two images, from -1 to 1.
double Likeness(const uint8_t* a, const std::vector<uint8_t>& b) {
  double sums[5] = {};
  for (size_t i = 0; i < b.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    sums[0] += x;
    sums[1] += y;
    sums[2] += x * x;
    sums[3] += y * y;
    sums[4] += x * y;
  }
  const auto n = static_cast<double>(b.size());
  return (sums[4] - sums[0] * sums[1] / n) /
         std::sqrt((sums[2] - sums[0] * sums[0] / n) * (sums[3] - sums[1] * sums[1] / n));
}

class DigitTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    data_ = new data::Dataset{
        .count = kDigits, .height = kSide, .width = kSide, .channels = 1, .num_classes = 10};
    data_->pixels.resize(kDigits * kSide * kSide);
    data_->labels.resize(kDigits);
    data::GenerateDigits(/*seed=*/7, data::kGeneratedTestSplit, kDigits, /*num_threads=*/1,
                         data_->pixels.data(), data_->labels.data());
  }
  static void TearDownTestSuite() { delete data_; }

  static const uint8_t* Digit(int i) { return data_->View().image(i); }
  static GreyImage AsPicture(int i) {
    return {.width = kSide, .height = kSide, .pixels = {Digit(i), Digit(i) + kSide * kSide}};
  }
  static PreparedDigit Prepare(const GreyImage& picture) {
    return PrepareDigit(picture, kSide, kSide).value();
  }

  // Expects that all digits, drawn like this, are prepared to what they were.
  static void ExpectAlike(const Drawing& drawing, double least_mean) {
    double sum = 0;
    for (int i = 0; i < kDigits; ++i) {
      const PreparedDigit prepared = Prepare(Draw(Digit(i), drawing));
      sum += Likeness(Digit(i), prepared.pixels);
      EXPECT_EQ(prepared.preparation.inverted, drawing.ink < drawing.background);
    }
    EXPECT_GT(sum / kDigits, least_mean);
  }

  static data::Dataset* data_;
};

data::Dataset* DigitTest::data_ = nullptr;

TEST_F(DigitTest, PreparedImagesPassUnchanged) {
  for (int i = 0; i < kDigits; ++i) {
    const PreparedDigit prepared = Prepare(AsPicture(i));
    EXPECT_TRUE(prepared.preparation.unchanged) << i;
    EXPECT_EQ(prepared.pixels, AsPicture(i).pixels);
    EXPECT_THAT(prepared.preparation.InWords(), HasSubstr("left as it is"));
  }
}

TEST_F(DigitTest, TellsCentredDigitsFromOtherImages) {
  const uint8_t* digits = data_->pixels.data();
  EXPECT_TRUE(AreCentredDigits(digits, kDigits, kSide, kSide));
  EXPECT_FALSE(AreCentredDigits(digits, 0, kSide, kSide));
  std::vector<uint8_t> negatives(data_->pixels);
  for (uint8_t& value : negatives) value = static_cast<uint8_t>(255 - value);
  EXPECT_FALSE(AreCentredDigits(negatives.data(), kDigits, kSide, kSide));
  std::vector<uint8_t> filled;  // their boxes, over the whole image
  for (int i = 0; i < kDigits; ++i) {
    const Plane large = Resample(AsPicture(i), {4, 4, 20, 20}, kSide, kSide);
    for (const float value : large.values) filled.push_back(static_cast<uint8_t>(value));
  }
  EXPECT_FALSE(AreCentredDigits(filled.data(), kDigits, kSide, kSide));
}

TEST_F(DigitTest, PreparingAgainChangesLittle) {
  double sum = 0;
  for (int i = 0; i < kDigits; ++i) {
    const auto again = PrepareDigit(AsPicture(i), kSide, kSide, IfPrepared::kPrepareAgain).value();
    EXPECT_FALSE(again.preparation.unchanged);
    sum += Likeness(Digit(i), again.pixels);
  }
  EXPECT_GT(sum / kDigits, 0.9);
}

TEST_F(DigitTest, NegativesOfPreparedImagesAreInverted) {
  GreyImage negative = AsPicture(0);
  for (uint8_t& value : negative.pixels) value = static_cast<uint8_t>(255 - value);
  const PreparedDigit prepared = Prepare(negative);
  EXPECT_EQ(prepared.pixels, AsPicture(0).pixels);
  EXPECT_TRUE(prepared.preparation.inverted);
  EXPECT_THAT(prepared.preparation.InWords(), HasSubstr("made light on dark"));
}

TEST_F(DigitTest, PreparingTwiceChangesNothing) {
  const PreparedDigit once = Prepare(Draw(Digit(3), {200, 150, 4, 60, 10}));
  const PreparedDigit twice = Prepare({.width = kSide, .height = kSide, .pixels = once.pixels});
  EXPECT_TRUE(twice.preparation.unchanged);
  EXPECT_EQ(twice.pixels, once.pixels);
}

TEST_F(DigitTest, FindsDigitsOfAnyContrastAndPlace) {
  ExpectAlike({200, 150, 4, 60, 10, 255, 0}, 0.95);
  ExpectAlike({200, 150, 4, 5, 30, 0, 255}, 0.95);
  ExpectAlike({200, 150, 5, 30, 5, 140, 220}, 0.95);
  ExpectAlike({200, 150, 5, 30, 5, 160, 120}, 0.95);
}

TEST_F(DigitTest, FindsDigitsInUnevenLight) {
  ExpectAlike({300, 300, 7, 50, 60, 250, 90, 100}, 0.9);
}

TEST_F(DigitTest, LargePicturesGiveWhatSmallOnesGive) {
  const PreparedDigit small = Prepare(Draw(Digit(5), {300, 400, 6, 60, 90}));
  const PreparedDigit large = Prepare(Draw(Digit(5), {1500, 2000, 30, 300, 450}));
  EXPECT_GT(Likeness(small.pixels.data(), large.pixels), 0.97);
  EXPECT_NEAR(large.preparation.box.x, 5 * small.preparation.box.x, 20);
  EXPECT_NEAR(large.preparation.box.height, 5 * small.preparation.box.height, 30);
}

TEST_F(DigitTest, PreparationTellsWhatWasDone) {
  GreyImage picture{.width = 100, .height = 80};
  picture.pixels.assign(8000, 255);
  for (int y = 20; y < 60; ++y) {
    for (int x = 30; x < 40; ++x) picture.pixels[static_cast<size_t>(y * 100 + x)] = 0;
  }
  const PreparedDigit prepared = Prepare(picture);
  EXPECT_EQ(prepared.preparation.box, (Box{30, 20, 10, 40}));
  EXPECT_EQ(prepared.preparation.scaled_width, 5);
  EXPECT_EQ(prepared.preparation.scaled_height, 20);
  EXPECT_EQ(prepared.preparation.InWords(),
            "made light on dark; cut out 10 x 40 pixels at (30, 20); scaled to 5 x 20; "
            "moved by (+1, +0) to centre its mass");
}

TEST_F(DigitTest, SpecksAndThePagesRimAreNotTheDigit) {
  GreyImage picture = Draw(Digit(8), {200, 200, 4, 50, 40});
  const GreyImage clean = picture;
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 6; ++x) picture.pixels[static_cast<size_t>(y * 200 + x)] = 10;
  }
  picture.pixels[20 * 200 + 180] = 0;
  picture.pixels[20 * 200 + 181] = 0;
  EXPECT_GT(Likeness(Prepare(clean).pixels.data(), Prepare(picture).pixels), 0.99);
}

// Darkens the picture: the light at (u, v), from -0.5 to 0.5, is a factor.
template <typename Light>
GreyImage Lit(GreyImage picture, const Light& light) {
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      uint8_t& pixel = picture.pixels[static_cast<size_t>(y * picture.width + x)];
      pixel = static_cast<uint8_t>(pixel * light(static_cast<double>(x) / picture.width - 0.5,
                                                 static_cast<double>(y) / picture.height - 0.5));
    }
  }
  return picture;
}

// A sheet with a digit on a desk that is seen around it.
GreyImage OnDesk(const GreyImage& sheet, int margin, uint8_t desk) {
  GreyImage picture{.width = sheet.width + 2 * margin, .height = sheet.height + 2 * margin};
  for (int y = -margin; y < sheet.height + margin; ++y) {
    for (int x = -margin; x < sheet.width + margin; ++x) {
      const bool on_sheet = x >= 0 && y >= 0 && x < sheet.width && y < sheet.height;
      picture.pixels.push_back(on_sheet ? sheet.at(x, y) : desk);
    }
  }
  return picture;
}

TEST_F(DigitTest, SheetsOnADeskAreLookedAtInside) {
  for (const uint8_t desk : {20, 70, 120}) {
    double sum = 0;
    for (int i = 0; i < kDigits; ++i) {
      const GreyImage sheet = Draw(Digit(i), {200, 240, 5, 30, 50, 235, 50});
      const PreparedDigit prepared = Prepare(OnDesk(sheet, 24, desk));
      EXPECT_TRUE(prepared.preparation.inverted) << i;
      EXPECT_NEAR(prepared.preparation.box.x, Prepare(sheet).preparation.box.x + 24, 2);
      sum += Likeness(Digit(i), prepared.pixels);
    }
    EXPECT_GT(sum / kDigits, 0.95) << int{desk};
  }
}

// The sheet on a desk, turned about its middle.
GreyImage Askew(const GreyImage& sheet, double degrees, uint8_t desk) {
  GreyImage picture{.width = sheet.width * 3 / 2, .height = sheet.height * 3 / 2};
  const double angle = degrees * 3.14159265358979 / 180;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double dx = x - picture.width / 2.0;
      const double dy = y - picture.height / 2.0;
      const double sx = std::cos(angle) * dx + std::sin(angle) * dy + sheet.width / 2.0;
      const double sy = std::cos(angle) * dy - std::sin(angle) * dx + sheet.height / 2.0;
      const bool on_sheet = sx >= 0 && sy >= 0 && sx < sheet.width && sy < sheet.height;
      picture.pixels.push_back(on_sheet ? sheet.at(static_cast<int>(sx), static_cast<int>(sy))
                                        : desk);
    }
  }
  return picture;
}

TEST_F(DigitTest, SheetsAskewAreStraightened) {
  for (const double degrees : {-30.0, -15.0, 8.0, 22.0}) {
    double sum = 0;
    int straightened = 0;
    for (int i = 0; i < kDigits; i += 4) {
      const GreyImage sheet = Draw(Digit(i), {200, 240, 5, 30, 50, 235, 50});
      const auto prepared = PrepareDigit(Askew(sheet, degrees, 110), kSide, kSide);
      if (!prepared.ok() || std::abs(prepared->preparation.turned + degrees) > 1) continue;
      sum += Likeness(Digit(i), prepared->pixels);
      ++straightened;
    }
    EXPECT_GE(straightened, kDigits / 4 * 8 / 10) << degrees;
    EXPECT_GT(sum / straightened, 0.8) << degrees;  // 0.5 as they lie
  }
}

// The paper between the sheet's edge and that of a shadow is as bright and as wide as chalk.
TEST_F(DigitTest, PaperBesideAShadowIsNotTheDigit) {
  const auto shadow = [](double u, double v) { return u + 0.4 * v < -0.14 ? 1.0 : 0.5; };
  int answered = 0;
  for (int i = 0; i < kDigits; i += 4) {
    const GreyImage sheet = Draw(Digit(i), {200, 240, 4, 60, 70, 235, 50});
    const auto prepared = PrepareDigit(Lit(Askew(sheet, 6, 40), shadow), kSide, kSide);
    if (!prepared.ok()) continue;
    EXPECT_TRUE(prepared->preparation.inverted) << i;
    ++answered;
  }
  EXPECT_GE(answered, kDigits / 4 * 6 / 10);
}

TEST_F(DigitTest, SheetsThatMayLieOnTheirSideAreRefused) {
  const GreyImage sheet = Draw(Digit(4), {200, 240, 5, 30, 50, 235, 50});
  EXPECT_THAT(std::string(PrepareDigit(Askew(sheet, 44, 60), kSide, kSide).status().message()),
              HasSubstr("lies askew by 44 degrees"));
}

TEST_F(DigitTest, ShadowsAreNotTheDigit) {
  double sum = 0;
  for (int i = 0; i < kDigits; ++i) {
    GreyImage picture = Draw(Digit(i), {240, 200, 5, 50, 30, 225, 60});
    for (int y = 0; y < picture.height; ++y) {
      for (int x = 0; x < 130 - y / 3; ++x) {
        uint8_t& pixel = picture.pixels[static_cast<size_t>(y * picture.width + x)];
        pixel = static_cast<uint8_t>(pixel * 0.6);
      }
    }
    sum += Likeness(Digit(i), Prepare(picture).pixels);
  }
  EXPECT_GT(sum / kDigits, 0.85);
}

TEST_F(DigitTest, PagesOfDigitsAreRefused) {
  GreyImage page{.width = 400, .height = 320, .pixels = std::vector<uint8_t>(400 * 320, 240)};
  for (int i = 0; i < kDigits; ++i) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const int at = (20 + 60 * (i / 8) + y) * page.width + 20 + 45 * (i % 8) + x;
        page.pixels[static_cast<size_t>(at)] =
            static_cast<uint8_t>(240 - Digit(i)[y * kSide + x] * 0.8);
      }
    }
  }
  EXPECT_THAT(std::string(PrepareDigit(page, kSide, kSide).status().message()),
              HasSubstr("cut the picture to the digit"));
}

TEST_F(DigitTest, VignettesAreNotTheDigit) {
  const auto vignette = [](double u, double v) { return 1 - 1.7 * (u * u + v * v); };
  for (const bool chalk : {false, true}) {
    double sum = 0;
    for (int i = 0; i < kDigits; ++i) {
      const Drawing drawing = {240, 200, 4, 100, 70, chalk ? 60.0 : 235.0, chalk ? 230.0 : 50.0};
      const PreparedDigit prepared = Prepare(Lit(Draw(Digit(i), drawing), vignette));
      EXPECT_EQ(prepared.preparation.inverted, !chalk) << i;
      sum += Likeness(Digit(i), prepared.pixels);
    }
    EXPECT_GT(sum / kDigits, 0.95) << chalk;
  }
}

TEST_F(DigitTest, LinesOnThePaperAreNotTheDigit) {
  double sum = 0;
  int answered = 0;
  for (int i = 0; i < kDigits; ++i) {
    GreyImage picture = Draw(Digit(i), {240, 200, 5, 50, 30, 235, 30});
    for (int y = 0; y < picture.height; ++y) {
      for (int x = 0; x < picture.width; ++x) {
        uint8_t& pixel = picture.pixels[static_cast<size_t>(y * picture.width + x)];
        if (x % 20 < 2 || y % 20 < 2) pixel = std::min<uint8_t>(pixel, 170);
      }
    }
    const auto prepared = PrepareDigit(picture, kSide, kSide);
    if (!prepared.ok()) continue;
    sum += Likeness(Digit(i), prepared->pixels);
    ++answered;
  }
  EXPECT_GE(answered, kDigits * 8 / 10);
  EXPECT_GT(sum / answered, 0.9);
}

// Returns why the picture is refused.
std::string Refusal(const GreyImage& picture) {
  const auto prepared = PrepareDigit(picture, kSide, kSide);
  EXPECT_EQ(prepared.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(prepared.status().message());
}

TEST_F(DigitTest, SeveralDigitsAreRefused) {
  int refused = 0;
  for (int i = 0; i + 1 < kDigits; ++i) {
    GreyImage picture = Draw(Digit(i), {280, 200, 5, 0, 30, 240, 40});
    const GreyImage other = Draw(Digit(i + 1), {280, 200, 5, 140, 30, 240, 40});
    for (size_t at = 0; at < picture.pixels.size(); ++at) {
      picture.pixels[at] = std::min(picture.pixels[at], other.pixels[at]);
    }
    refused += !PrepareDigit(picture, kSide, kSide).ok();
  }
  EXPECT_GE(refused, (kDigits - 1) * 9 / 10);
}

TEST_F(DigitTest, LightAloneIsRefused) {
  const GreyImage sheet{.width = 200, .height = 150, .pixels = std::vector<uint8_t>(30000, 220)};
  const auto shadow = [](double u, double v) { return u + 0.4 * v < 0.1 ? 1.0 : 0.55; };
  const auto vignette = [](double u, double v) { return 1 - 1.7 * (u * u + v * v); };
  EXPECT_THAT(Refusal(Lit(sheet, shadow)), HasSubstr("nothing stands out"));
  EXPECT_THAT(Refusal(Lit(sheet, vignette)), HasSubstr("nothing stands out"));
}

TEST_F(DigitTest, FilledAreasAreRefused) {
  const GreyImage square{.width = 40, .height = 40, .pixels = std::vector<uint8_t>(1600, 60)};
  EXPECT_THAT(Refusal(OnDesk(OnDesk(square, 50, 230), 30, 30)), HasSubstr("a filled area"));
}

TEST_F(DigitTest, ThinStrokesAreMadeVisible) {
  GreyImage picture{.width = 300, .height = 300};
  picture.pixels.assign(90000, 250);
  for (int i = 40; i < 260; ++i) {
    picture.pixels[static_cast<size_t>(i * 300 + 150)] = 10;
    picture.pixels[static_cast<size_t>(i * 300 + 151)] = 10;
    picture.pixels[static_cast<size_t>(40 * 300 + (i + 40) / 2)] = 10;
    picture.pixels[static_cast<size_t>(41 * 300 + (i + 40) / 2)] = 10;
  }
  const PreparedDigit prepared = Prepare(picture);
  EXPECT_TRUE(prepared.preparation.thickened);
  const int64_t bright = std::count_if(prepared.pixels.begin(), prepared.pixels.end(),
                                       [](uint8_t value) { return value > 200; });
  EXPECT_GT(bright, 30);
}

TEST_F(DigitTest, OtherSizesGetABoxInProportion) {
  const auto prepared = PrepareDigit(Draw(Digit(2), {200, 150, 4, 60, 10}), 56, 42).value();
  ASSERT_EQ(prepared.pixels.size(), 56u * 42);
  EXPECT_EQ(std::max(prepared.preparation.scaled_width, prepared.preparation.scaled_height), 30);
}

TEST_F(DigitTest, BlankPicturesAreRefused) {
  for (const uint8_t value : {0, 128, 255}) {
    const GreyImage blank{.width = 40, .height = 30, .pixels = std::vector<uint8_t>(1200, value)};
    const auto prepared = PrepareDigit(blank, kSide, kSide);
    EXPECT_EQ(prepared.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(prepared.status().message()), HasSubstr("nothing stands out"));
  }
  const GreyImage point{.width = 1, .height = 1, .pixels = {77}};
  EXPECT_EQ(PrepareDigit(point, kSide, kSide).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DigitTest, DrawingsArePreparedAsPicturesAre) {
  double sum = 0;
  for (int i = 0; i < kDigits; ++i) {
    const GreyImage drawing = Draw(Digit(i), {140, 140, 4, 12, 9});
    const auto prepared = PrepareDrawing(drawing, kSide, kSide).value();
    EXPECT_TRUE(prepared.preparation.inverted);
    sum += Likeness(Digit(i), prepared.pixels);
  }
  EXPECT_GT(sum / kDigits, 0.95);
}

// What is on a sheet before the digit is whole, and digits that one draws by pieces.
TEST_F(DigitTest, DrawingsAreTakenWhateverIsDrawn) {
  const auto sheet = [](const std::vector<Box>& drawn) {
    GreyImage picture{.width = 140, .height = 120, .pixels = std::vector<uint8_t>(16800, 255)};
    for (const Box& box : drawn) {
      for (int y = box.y; y < box.y + box.height; ++y) {
        std::fill_n(picture.pixels.begin() + y * 140 + box.x, box.width, uint8_t{22});
      }
    }
    return picture;
  };
  const std::vector<std::pair<const char*, std::vector<Box>>> drawings = {
      {"a dot", {{20, 20, 11, 11}}},     {"a pixel", {{139, 119, 1, 1}}},
      {"a bar", {{10, 20, 110, 11}}},    {"a blot", {{10, 10, 90, 100}}},
      {"all of it", {{0, 0, 140, 120}}}, {"two pieces", {{10, 10, 11, 60}, {110, 40, 11, 60}}}};
  for (const auto& [name, drawn] : drawings) {
    const auto prepared = PrepareDrawing(sheet(drawn), kSide, kSide);
    ASSERT_TRUE(prepared.ok()) << name << ": " << prepared.status();
    EXPECT_EQ(*std::max_element(prepared->pixels.begin(), prepared->pixels.end()), 255) << name;
    if (drawn.size() == 1) {
      EXPECT_EQ(std::tie(prepared->preparation.box.x, prepared->preparation.box.width),
                std::tie(drawn[0].x, drawn[0].width))
          << name;
    }
  }
  const absl::Status empty = PrepareDrawing(sheet({}), kSide, kSide).status();
  EXPECT_EQ(empty.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(empty.message()), HasSubstr("nothing is drawn"));
}

TEST_F(DigitTest, OddShapesAreTakenOrRefused) {
  for (const auto& [width, height] : {std::pair{1, 300}, {300, 1}, {2, 2}, {3, 5}}) {
    GreyImage picture{.width = width, .height = height};
    picture.pixels.assign(static_cast<size_t>(width) * height, 250);
    picture.pixels[picture.pixels.size() / 2] = 0;
    const auto prepared = PrepareDigit(picture, kSide, kSide);
    EXPECT_EQ(prepared.ok() ? prepared->pixels.size() : 784u, 784u);
  }
}

TEST(StrokesTest, WidthOfABarIsItsWidth) {
  Plane plane{60, 60, std::vector<float>(3600)};
  for (int y = 5; y < 55; ++y) {
    for (int x = 20; x < 26; ++x) plane.at(x, y) = 1;
  }
  EXPECT_NEAR(StrokeWidth(plane), 6, 1.5);
  EXPECT_EQ(BoxOfInk(Largest(plane, 2)), (Box{18, 3, 10, 54}));
}

}  // namespace
}  // namespace convoy::images
