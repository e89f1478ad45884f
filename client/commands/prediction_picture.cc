#include "client/commands/prediction_picture.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/picture_options.h"
#include "common/base/status.h"
#include "common/figures/prediction_figure.h"
#include "common/figures/texts.h"
#include "common/images/digit.h"
#include "common/images/png.h"

namespace convoy::client {
namespace {

figures::PixelImage GreyPixels(int height, int width, std::vector<uint8_t> pixels) {
  return {.height = height, .width = width, .channels = 1, .pixels = std::move(pixels)};
}

// The picture, made smaller where it is larger than it will be shown.
figures::PixelImage Thumbnail(const images::GreyImage& photo) {
  const double scale =
      std::min(1.0, double{figures::kPhotoSide} / std::max(photo.width, photo.height));
  const int width = std::max(1, static_cast<int>(photo.width * scale));
  const int height = std::max(1, static_cast<int>(photo.height * scale));
  const images::Plane small =
      images::Resample(photo, {.width = photo.width, .height = photo.height}, width, height);
  std::vector<uint8_t> pixels;
  for (const float value : small.values) {
    pixels.push_back(static_cast<uint8_t>(std::lround(std::clamp(value, 0.0f, 255.0f))));
  }
  return GreyPixels(height, width, std::move(pixels));
}

// What was done to the picture, in a line.
std::string Note(const images::Preparation& done, figures::Language language) {
  const figures::Texts& texts = figures::TextsIn(language);
  std::string note = done.inverted ? texts.prepared_inverted : "";
  if (done.unchanged) return note + texts.prepared_unchanged;
  note +=
      figures::Fill(texts.prepared_steps,
                    {absl::StrCat(done.box.width), absl::StrCat(done.box.height),
                     absl::StrCat(done.scaled_width), absl::StrCat(done.scaled_height),
                     absl::StrFormat("%+d", done.shift_x), absl::StrFormat("%+d", done.shift_y)});
  return done.thickened ? note + texts.prepared_thickened : note;
}

}  // namespace

absl::Status WritePredictionFigure(const PredictionPicture& wanted) {
  CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(wanted.lang));
  CONVOY_ASSIGN_OR_RETURN(const images::GreyImage photo,
                          images::DecodePng(wanted.picture.png, wanted.picture.name));
  const int height = wanted.model.input().height();
  const int width = wanted.model.input().width();
  figures::Prediction prediction{.photo = Thumbnail(photo),
                                 .image = GreyPixels(photo.height, photo.width, photo.pixels),
                                 .probabilities = {},
                                 .note = {}};
  prediction.probabilities.assign(wanted.answer.probabilities().begin(),
                                  wanted.answer.probabilities().end());
  const bool whole = wanted.model.image_form() == v1::WHOLE_PICTURES;
  if (whole && !wanted.as_it_is && wanted.answer.has_prepared_image()) {
    const v1::RawImage& shown = wanted.answer.prepared_image();
    prediction.image = {.height = shown.height(),
                        .width = shown.width(),
                        .channels = shown.channels(),
                        .pixels = {shown.pixels().begin(), shown.pixels().end()}};
  } else if (!wanted.as_it_is) {
    CONVOY_ASSIGN_OR_RETURN(images::PreparedDigit digit,
                            images::PrepareDigit(photo, height, width));
    prediction.image = GreyPixels(height, width, std::move(digit.pixels));
    prediction.note = Note(digit.preparation, language);
  }
  return WritePicture(figures::DrawPrediction(prediction, language), wanted.path, "--figure");
}

}  // namespace convoy::client
