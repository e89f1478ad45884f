#include "common/api/image_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/images/png.h"
#include "common/nn/builtin_models.h"

namespace convoy::api {
namespace {

using formats::ImageForm;
using ::testing::HasSubstr;

constexpr ImageForm kForm = ImageForm::kCentredDigits;

// A dark bar on light, drawn in so many channels.
v1::Image Bar(int height, int width, int channels) {
  v1::Image image;
  v1::RawImage* raw = image.mutable_raw();
  raw->set_height(height);
  raw->set_width(width);
  raw->set_channels(channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool ink = x > width / 3 && x < width / 2 && y > height / 5 && y < height * 4 / 5;
      for (int c = 0; c < channels; ++c) {
        *raw->mutable_pixels() += static_cast<char>(c == 3 ? 255 : ink ? 10 : 240);
      }
    }
  }
  return image;
}

nn::Network NetworkFor(int side, int channels) {
  nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
  spec.height = side;
  spec.width = side;
  spec.channels = channels;
  return nn::Network::Create(spec).value();
}

class ImageInputTest : public ::testing::Test {
 protected:
  void ExpectRefused(const v1::Image& image, v1::Preparation preparation,
                     const std::string& message,
                     absl::StatusCode code = absl::StatusCode::kInvalidArgument) const {
    const absl::Status status =
        ToNetworkImage(image, preparation, network_, kForm, "images[3]").status();
    EXPECT_EQ(status.code(), code) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  const nn::Network network_ = NetworkFor(28, 1);
};

TEST_F(ImageInputTest, PreparesColourAndGreyAlikeAndTellsIt) {
  const auto grey = ToNetworkImage(Bar(90, 70, 1), v1::AUTOMATIC, network_, kForm, "image").value();
  EXPECT_EQ(grey.pixels.size(), 784u);
  EXPECT_EQ(grey.report.source_height(), 90);
  EXPECT_EQ(grey.report.source_width(), 70);
  EXPECT_EQ(grey.report.source_channels(), 1);
  EXPECT_TRUE(grey.report.inverted());
  EXPECT_TRUE(grey.report.scaled_and_centred());
  EXPECT_FALSE(grey.report.converted_to_grey());
  EXPECT_THAT(grey.report.summary(), HasSubstr("made light on dark; cut out"));
  for (const int channels : {3, 4}) {
    const auto colour =
        ToNetworkImage(Bar(90, 70, channels), v1::AUTOMATIC, network_, kForm, "image").value();
    EXPECT_EQ(colour.pixels, grey.pixels);
    EXPECT_TRUE(colour.report.converted_to_grey());
  }
}

TEST_F(ImageInputTest, PngAndRawPixelsAreTheSame) {
  const v1::Image raw = Bar(90, 70, 1);
  v1::Image png;
  png.set_png(
      images::EncodePng({.width = 70,
                         .height = 90,
                         .pixels = {raw.raw().pixels().begin(), raw.raw().pixels().end()}}));
  EXPECT_EQ(ToNetworkImage(png, v1::AUTOMATIC, network_, kForm, "image")->pixels,
            ToNetworkImage(raw, v1::AUTOMATIC, network_, kForm, "image")->pixels);
}

TEST_F(ImageInputTest, WithoutPreparationOnlyTheNetworksShapeIsTaken) {
  const v1::Image image = Bar(28, 28, 1);
  const auto taken = ToNetworkImage(image, v1::NONE, network_, kForm, "image").value();
  EXPECT_EQ(std::string(taken.pixels.begin(), taken.pixels.end()), image.raw().pixels());
  EXPECT_FALSE(taken.report.inverted());
  ExpectRefused(Bar(28, 27, 1), v1::NONE,
                "images[3]: the image is (28, 27, 1), the network takes (28, 28, 1)");
  ExpectRefused(Bar(28, 28, 3), v1::NONE, "leave `preparation` out");
}

TEST_F(ImageInputTest, WhatIsNoDigitIsScaledAsAWhole) {
  const v1::Image same = Bar(28, 28, 1);
  const auto taken =
      ToNetworkImage(same, v1::AUTOMATIC, network_, ImageForm::kWholePictures, "image").value();
  EXPECT_EQ(std::string(taken.pixels.begin(), taken.pixels.end()), same.raw().pixels());
  EXPECT_EQ(taken.report.summary(), "left as it is, as a whole picture");
  const auto scaled =
      ToNetworkImage(Bar(56, 84, 1), v1::AUTOMATIC, network_, ImageForm::kWholePictures, "image")
          .value();
  EXPECT_EQ(scaled.pixels[0], 240);  // dark on light stays so
  EXPECT_FALSE(scaled.report.scaled_and_centred());
  EXPECT_EQ(scaled.report.summary(),
            "cut to the middle 56 x 56 pixels; scaled to 28 x 28 as a whole picture");
}

TEST_F(ImageInputTest, NetworksOfColourImagesTakeColourAndGrey) {
  const nn::Network colour = NetworkFor(28, 3);
  v1::Image image = Bar(28, 28, 3);
  (*image.mutable_raw()->mutable_pixels())[4] = 7;  // green, beside the corner
  const auto taken = ToNetworkImage(image, v1::AUTOMATIC, colour, kForm, "image").value();
  EXPECT_EQ(std::string(taken.pixels.begin(), taken.pixels.end()), image.raw().pixels());
  const auto grey = ToNetworkImage(Bar(50, 28, 1), v1::AUTOMATIC, colour, kForm, "image").value();
  ASSERT_EQ(grey.pixels.size(), 784u * 3);
  EXPECT_EQ(grey.pixels[3], grey.pixels[5]);
  EXPECT_THAT(
      std::string(
          ToNetworkImage(Bar(28, 28, 4), v1::AUTOMATIC, colour, kForm, "image").status().message()),
      HasSubstr("image: the image has 4 channels, the network takes 3"));
}

TEST_F(ImageInputTest, RefusesImagesThatAreNone) {
  ExpectRefused(v1::Image(), v1::AUTOMATIC, "images[3]: neither png nor raw is set");
  v1::Image png;
  png.set_png("no png");
  ExpectRefused(png, v1::AUTOMATIC, "images[3]: no PNG file");
  v1::Image image = Bar(28, 28, 1);
  image.mutable_raw()->mutable_pixels()->pop_back();
  ExpectRefused(image, v1::AUTOMATIC, "= 784 bytes, not 783");
  image.mutable_raw()->set_channels(2);
  ExpectRefused(image, v1::AUTOMATIC, "channels must be 1 (grey), 3 (RGB) or 4 (RGBA), not 2");
  image.mutable_raw()->set_width(-28);
  ExpectRefused(image, v1::AUTOMATIC, "height and width must be 1 at least");
  image.mutable_raw()->set_width(1 << 30);
  image.mutable_raw()->set_height(1 << 30);
  ExpectRefused(image, v1::AUTOMATIC, "make the image smaller",
                absl::StatusCode::kResourceExhausted);
  v1::Image blank;
  blank.mutable_raw()->set_height(10);
  blank.mutable_raw()->set_width(10);
  blank.mutable_raw()->set_pixels(std::string(100, '\7'));
  ExpectRefused(blank, v1::AUTOMATIC, "images[3]: nothing stands out");
}

}  // namespace
}  // namespace convoy::api
