#include "common/api/image_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/images/png.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"

namespace convoy::api {
namespace {

using formats::ImageForm;
using ::testing::HasSubstr;

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

// A model for images of that shape and form, whose recipe fits pictures as told.
std::shared_ptr<const evaluate::LoadedModel> ModelFor(int channels, ImageForm form,
                                                      const std::string& fit = "crop") {
  nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
  spec.channels = channels;
  const nn::Network network = nn::Network::Create(spec).value();
  formats::ModelFile file;
  file.model_textproto = nn::ModelSpecToText(spec);
  file.recipe_textproto = "images { image_fit: \"" + fit + "\" }";
  file.image_form = form;
  for (const nn::Parameter& parameter : network.Parameters()) {
    file.tensors.push_back({.name = parameter.name,
                            .shape = parameter.shape,
                            .data = std::vector<float>(static_cast<size_t>(parameter.size))});
  }
  return evaluate::LoadedModel::Create(std::move(file), "model").value();
}

v1::Image FileOf(const images::GreyImage& picture) {
  v1::Image file;
  file.set_png(images::EncodePng(picture));
  return file;
}

class ImageInputTest : public ::testing::Test {
 protected:
  void ExpectRefused(const v1::Image& image, v1::Preparation preparation,
                     const std::string& message,
                     absl::StatusCode code = absl::StatusCode::kInvalidArgument) const {
    const absl::Status status = ToNetworkImage(image, preparation, *digits_, "images[3]").status();
    EXPECT_EQ(status.code(), code) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  const std::shared_ptr<const evaluate::LoadedModel> digits_ =
      ModelFor(1, ImageForm::kCentredDigits);
  const std::shared_ptr<const evaluate::LoadedModel> whole_ =
      ModelFor(1, ImageForm::kWholePictures);
};

TEST_F(ImageInputTest, PreparesColourAndGreyAlikeAndTellsIt) {
  const auto grey = ToNetworkImage(Bar(90, 70, 1), v1::AUTOMATIC, *digits_, "image").value();
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
        ToNetworkImage(Bar(90, 70, channels), v1::AUTOMATIC, *digits_, "image").value();
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
  EXPECT_EQ(ToNetworkImage(png, v1::AUTOMATIC, *digits_, "image")->pixels,
            ToNetworkImage(raw, v1::AUTOMATIC, *digits_, "image")->pixels);
}

TEST_F(ImageInputTest, WithoutPreparationOnlyTheNetworksShapeIsTaken) {
  const v1::Image image = Bar(28, 28, 1);
  const auto taken = ToNetworkImage(image, v1::NONE, *digits_, "image").value();
  EXPECT_EQ(std::string(taken.pixels.begin(), taken.pixels.end()), image.raw().pixels());
  EXPECT_FALSE(taken.report.inverted());
  ExpectRefused(Bar(28, 27, 1), v1::NONE,
                "images[3]: the image is (28, 27, 1), the network takes (28, 28, 1)");
  ExpectRefused(Bar(28, 28, 3), v1::NONE, "leave `preparation` out");
}

TEST_F(ImageInputTest, WhatIsNoDigitIsScaledAsAWhole) {
  const v1::Image same = Bar(28, 28, 1);
  const auto taken = ToNetworkImage(same, v1::AUTOMATIC, *whole_, "image").value();
  EXPECT_EQ(std::string(taken.pixels.begin(), taken.pixels.end()), same.raw().pixels());
  EXPECT_EQ(taken.report.summary(), "left as it is, as a whole picture");
  const auto scaled = ToNetworkImage(Bar(56, 84, 1), v1::AUTOMATIC, *whole_, "image").value();
  EXPECT_EQ(scaled.pixels[0], 240);  // dark on light stays so
  EXPECT_FALSE(scaled.report.scaled_and_centred());
  EXPECT_EQ(scaled.report.summary(), "cut to the middle and scaled to 28 x 28, as a whole picture");
}

TEST_F(ImageInputTest, FitsAsTheRecipeSays) {
  const auto padded = ModelFor(1, ImageForm::kWholePictures, "pad");
  const auto prepared = ToNetworkImage(Bar(28, 56, 1), v1::AUTOMATIC, *padded, "image").value();
  EXPECT_EQ(prepared.pixels[0], 0);
  EXPECT_EQ(prepared.pixels[14 * 28], 240);
  EXPECT_EQ(prepared.report.summary(), "scaled to 28 x 28 with black bars, as a whole picture");
  const auto stretched = ModelFor(1, ImageForm::kWholePictures, "stretch");
  EXPECT_EQ(ToNetworkImage(Bar(28, 56, 1), v1::AUTOMATIC, *stretched, "image")->report.summary(),
            "stretched to 28 x 28, as a whole picture");
}

TEST_F(ImageInputTest, NetworksOfColourImagesTakeColourAndGrey) {
  const auto colour = ModelFor(3, ImageForm::kWholePictures);
  v1::Image image = Bar(28, 28, 3);
  (*image.mutable_raw()->mutable_pixels())[4] = 7;  // green, beside the corner
  const auto taken = ToNetworkImage(image, v1::AUTOMATIC, *colour, "image").value();
  EXPECT_EQ(std::string(taken.pixels.begin(), taken.pixels.end()), image.raw().pixels());
  const auto grey = ToNetworkImage(Bar(50, 28, 1), v1::AUTOMATIC, *colour, "image").value();
  ASSERT_EQ(grey.pixels.size(), 784u * 3);
  EXPECT_EQ(grey.pixels[3], grey.pixels[5]);
  const v1::Image file =
      FileOf({.width = 28, .height = 28, .pixels = std::vector<uint8_t>(784, 9)});
  for (const v1::Preparation preparation : {v1::AUTOMATIC, v1::NONE}) {
    EXPECT_EQ(ToNetworkImage(file, preparation, *colour, "image")->pixels,
              std::vector<uint8_t>(784 * 3, 9));
  }
}

TEST_F(ImageInputTest, LaysWhatIsTransparentOnWhite) {
  v1::Image image = Bar(28, 28, 4);
  std::string& pixels = *image.mutable_raw()->mutable_pixels();
  pixels.replace(0, 8, {0, 0, 0, 0, 100, 50, 0, '\x80'});
  const auto taken =
      ToNetworkImage(image, v1::AUTOMATIC, *ModelFor(3, ImageForm::kWholePictures), "image")
          .value();
  EXPECT_EQ(std::vector<uint8_t>(taken.pixels.begin(), taken.pixels.begin() + 7),
            (std::vector<uint8_t>{255, 255, 255, 177, 152, 127, 240}));
}

TEST_F(ImageInputTest, NetworksOfOtherChannelsTakeTheirOwn) {
  const auto two = ModelFor(2, ImageForm::kWholePictures);
  EXPECT_THAT(
      std::string(ToNetworkImage(Bar(28, 28, 3), v1::AUTOMATIC, *two, "image").status().message()),
      HasSubstr("image: the image has 3 channels, the network takes 2"));
}

TEST_F(ImageInputTest, RefusesImagesThatAreNone) {
  ExpectRefused(v1::Image(), v1::AUTOMATIC, "images[3]: neither png nor raw is set");
  v1::Image png;
  png.set_png("no png");
  ExpectRefused(png, v1::AUTOMATIC, "images[3]: is no picture; save it as JPEG or PNG");
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
  blank.mutable_raw()->set_pixels(std::string(100, '\xff'));
  ExpectRefused(blank, v1::DRAWING, "images[3]: nothing is drawn");
}

TEST_F(ImageInputTest, DrawingsAreTakenWhileTheyAreDrawn) {
  v1::Image dot;
  dot.mutable_raw()->set_height(100);
  dot.mutable_raw()->set_width(100);
  std::string pixels(10000, '\xff');
  for (size_t row = 40; row < 50; ++row) pixels.replace(row * 100 + 60, 10, 10, '\x10');
  dot.mutable_raw()->set_pixels(pixels);
  ExpectRefused(dot, v1::AUTOMATIC, "a filled area");
  const auto digits = ModelFor(1, ImageForm::kCentredDigits);
  const auto image = ToNetworkImage(dot, v1::DRAWING, *digits, "image", kMaxImagePixels);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_TRUE(image->report.scaled_and_centred());
  EXPECT_TRUE(image->report.inverted());
  // Of other networks a drawing is a picture like any other.
  const auto pictures = ModelFor(3, ImageForm::kWholePictures);
  EXPECT_EQ(ToNetworkImage(dot, v1::DRAWING, *pictures, "image", kMaxImagePixels)->pixels,
            ToNetworkImage(dot, v1::AUTOMATIC, *pictures, "image", kMaxImagePixels)->pixels);
}

}  // namespace
}  // namespace convoy::api
