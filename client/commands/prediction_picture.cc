#include "client/commands/prediction_picture.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/picture_options.h"
#include "common/base/status.h"
#include "common/figures/prediction_figure.h"
#include "common/figures/texts.h"
#include "common/images/decode/color_image.h"
#include "common/images/decode/decode.h"
#include "common/images/digit.h"

namespace convoy::client {
namespace {

figures::PixelImage ToPixels(images::ColorImage image) {
  return {.height = image.height,
          .width = image.width,
          .channels = image.channels,
          .pixels = std::move(image.pixels)};
}

// The picture, made smaller where it is larger than it will be shown.
figures::PixelImage Thumbnail(const images::ColorImage& photo) {
  const double scale =
      std::min(1.0, double{figures::kPhotoSide} / std::max(photo.width, photo.height));
  const int width = std::max(1, static_cast<int>(photo.width * scale));
  const int height = std::max(1, static_cast<int>(photo.height * scale));
  return ToPixels(images::FitTo(photo, height, width, images::ImageFit::kStretch));
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
  const Picture& picture = wanted.picture;
  CONVOY_ASSIGN_OR_RETURN(const images::ColorImage photo,
                          images::DecodePicture(picture.png, picture.name));
  const v1::RawImage& seen = wanted.answer.prepared_image();
  figures::Prediction prediction{.photo = Thumbnail(photo),
                                 .image = {.height = seen.height(),
                                           .width = seen.width(),
                                           .channels = seen.channels(),
                                           .pixels = {seen.pixels().begin(), seen.pixels().end()}},
                                 .probabilities = {},
                                 .names = {},
                                 .note = {}};
  prediction.probabilities.assign(wanted.answer.probabilities().begin(),
                                  wanted.answer.probabilities().end());
  prediction.names.assign(wanted.model.class_names().begin(), wanted.model.class_names().end());
  if (prediction.names.size() != prediction.probabilities.size()) prediction.names.clear();
  // Once more, for what was done to it in the figure's language.
  const bool prepared =
      !wanted.as_it_is && wanted.model.image_form() != v1::WHOLE_PICTURES && seen.channels() == 1;
  if (prepared) {
    CONVOY_ASSIGN_OR_RETURN(const images::GreyImage grey,
                            images::DecodeGrey(picture.png, picture.name));
    CONVOY_ASSIGN_OR_RETURN(const images::PreparedDigit digit,
                            images::PrepareDigit(grey, seen.height(), seen.width()));
    prediction.note = Note(digit.preparation, language);
  }
  return WritePicture(figures::DrawPrediction(prediction, language), wanted.path, "--figure");
}

}  // namespace convoy::client
