// A picture for a network of digits goes the way of MNIST's makers (common/images/digit.h), any
// other through the very functions that made the training images of picture files, so that it gives
// the pixels that it would have given there. Which of the two, the model says.
#include "common/api/image_input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/image_options.h"
#include "common/base/status.h"
#include "common/images/colors.h"
#include "common/images/decode/color_image.h"
#include "common/images/decode/decode.h"
#include "common/images/digit.h"
#include "common/images/png.h"

namespace convoy::api {
namespace {

using evaluate::LoadedModel;
using images::ColorImage;

absl::Status CheckRaw(const v1::RawImage& raw, int channels, const std::string& field,
                      int64_t max_pixels) {
  const int64_t pixels = int64_t{raw.height()} * raw.width();
  if (raw.height() < 1 || raw.width() < 1) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": height and width must be 1 at least, ",
                                                   "not ", raw.height(), " and ", raw.width()));
  }
  if (pixels > max_pixels) {
    return absl::ResourceExhaustedError(absl::StrCat(field, ": ", raw.height(), " x ", raw.width(),
                                                     " pixels; at most ", max_pixels,
                                                     " are taken, so make the image smaller"));
  }
  if (channels != 1 && channels != 3 && channels != 4) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": channels must be 1 (grey), 3 (RGB) or 4 (RGBA), not ", channels));
  }
  if (static_cast<int64_t>(raw.pixels().size()) != pixels * channels) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": pixels must have height x width x channels = ", pixels * channels,
                     " bytes, not ", raw.pixels().size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<ColorImage> ReadRaw(const v1::RawImage& raw, const std::string& field,
                                   int64_t max_pixels) {
  const int channels = raw.channels() == 0 ? 1 : raw.channels();
  CONVOY_RETURN_IF_ERROR(CheckRaw(raw, channels, field + ".raw", max_pixels));
  return ColorImage{.height = raw.height(),
                    .width = raw.width(),
                    .channels = channels,
                    .pixels = {raw.pixels().begin(), raw.pixels().end()}};
}

absl::StatusOr<ColorImage> ReadPicture(const std::string& bytes, bool digit,
                                       const std::string& field,
                                       const images::DecodeLimits& limits) {
  if (!digit) return images::DecodePicture(bytes, field, limits);
  CONVOY_ASSIGN_OR_RETURN(images::GreyImage grey, images::DecodeGrey(bytes, field, limits));
  return ColorImage{
      .height = grey.height, .width = grey.width, .channels = 1, .pixels = std::move(grey.pixels)};
}

absl::StatusOr<ColorImage> Read(const v1::Image& image, bool digit, const std::string& field,
                                int64_t max_pixels) {
  if (image.has_png()) return ReadPicture(image.png(), digit, field, {.max_pixels = max_pixels});
  if (image.has_raw()) return ReadRaw(image.raw(), field, max_pixels);
  return absl::InvalidArgumentError(absl::StrCat(field, ": neither png nor raw is set"));
}

// Whether pictures are prepared as digits for the model: it takes grey ones of a reasonable size,
// and was not trained on others.
bool TakesDigits(const LoadedModel& model) {
  const nn::ModelSpec& spec = model.network().spec();
  return model.description().image_form != formats::ImageForm::kWholePictures &&
         spec.channels == 1 && std::min(spec.height, spec.width) >= images::kMinPreparedSide;
}

// Lays what is transparent on white, as the decoders do.
ColorImage WithoutAlpha(const ColorImage& rgba) {
  ColorImage rgb{.height = rgba.height, .width = rgba.width, .channels = 3, .pixels = {}};
  rgb.pixels.reserve(rgba.pixels.size() / 4 * 3);
  for (size_t i = 0; i < rgba.pixels.size(); i += 4) {
    const int alpha = rgba.pixels[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      const int laid = rgba.pixels[i + c] * alpha + 255 * (255 - alpha);
      rgb.pixels.push_back(static_cast<uint8_t>((laid + 127) / 255));
    }
  }
  return rgb;
}

// Returns the image with the network's channels, where they are other ones.
absl::StatusOr<ColorImage> Recolour(ColorImage image, int channels, const std::string& field) {
  if (image.channels == channels) return image;
  if (channels != 1 && channels != 3) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": the image has ", image.channels,
                                                   " channels, the network takes ", channels,
                                                   "; send that many"));
  }
  if (image.channels == 4) image = WithoutAlpha(image);
  return images::WithChannels(std::move(image), channels);
}

absl::StatusOr<NetworkImage> AsItIs(ColorImage source, bool is_file, const nn::Network& network,
                                    const std::string& field) {
  if (is_file) {
    CONVOY_ASSIGN_OR_RETURN(source, Recolour(std::move(source), network.spec().channels, field));
  }
  const Shape shape = {source.height, source.width, source.channels};
  if (shape != network.input_shape()) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ": the image is ", ShapeToString(shape), ", the network takes ",
        ShapeToString(network.input_shape()), "; leave `preparation` out to have it prepared"));
  }
  NetworkImage result{.pixels = std::move(source.pixels), .report = {}};
  result.report.set_summary("left as it is");
  return result;
}

std::string WholeInWords(const ColorImage& source, const nn::ModelSpec& spec,
                         images::ImageFit fit) {
  if (source.height == spec.height && source.width == spec.width) {
    return "left as it is, as a whole picture";
  }
  const bool same_shape =
      int64_t{source.height} * spec.width == int64_t{source.width} * spec.height;
  const std::string size = absl::StrCat(spec.width, " x ", spec.height);
  if (same_shape) return absl::StrCat("scaled to ", size, " as a whole picture");
  if (fit == images::ImageFit::kPad) {
    return absl::StrCat("scaled to ", size, " with black bars, as a whole picture");
  }
  if (fit == images::ImageFit::kStretch) {
    return absl::StrCat("stretched to ", size, ", as a whole picture");
  }
  return absl::StrCat("cut to the middle and scaled to ", size, ", as a whole picture");
}

// Brings the picture to the network's size and colours with the functions that made the training
// images of pictures, so that one of these gives what it gave there.
absl::StatusOr<NetworkImage> Whole(const ColorImage& source, const LoadedModel& model,
                                   const std::string& field) {
  const nn::ModelSpec& spec = model.network().spec();
  CONVOY_ASSIGN_OR_RETURN(const data::LoadOptions options, ImageOptionsOf(model));
  CONVOY_ASSIGN_OR_RETURN(
      ColorImage image,
      Recolour(images::FitTo(source, spec.height, spec.width, options.fit), spec.channels, field));
  NetworkImage result{.pixels = std::move(image.pixels), .report = {}};
  result.report.set_converted_to_grey(spec.channels == 1 && source.channels > 1);
  result.report.set_summary(WholeInWords(source, spec, options.fit));
  return result;
}

absl::StatusOr<images::PreparedDigit> PrepareAs(v1::Preparation preparation,
                                                const images::GreyImage& grey,
                                                const nn::ModelSpec& spec) {
  if (preparation == v1::DRAWING) return images::PrepareDrawing(grey, spec.height, spec.width);
  const auto if_prepared =
      preparation == v1::ALWAYS ? images::IfPrepared::kPrepareAgain : images::IfPrepared::kLeave;
  return images::PrepareDigit(grey, spec.height, spec.width, if_prepared);
}

absl::StatusOr<NetworkImage> AsDigit(const ColorImage& source, v1::Preparation preparation,
                                     const nn::Network& network, const std::string& field) {
  const nn::ModelSpec& spec = network.spec();
  const images::GreyImage grey =
      images::ToGrey(source.pixels.data(), source.height, source.width, source.channels);
  absl::StatusOr<images::PreparedDigit> digit = PrepareAs(preparation, grey, spec);
  if (!digit.ok()) return Annotate(digit.status(), field);
  NetworkImage result{.pixels = std::move(digit->pixels), .report = {}};
  result.report.set_converted_to_grey(source.channels > 1);
  result.report.set_inverted(digit->preparation.inverted);
  result.report.set_scaled_and_centred(!digit->preparation.unchanged);
  result.report.set_summary(digit->preparation.InWords());
  return result;
}

}  // namespace

absl::StatusOr<NetworkImage> ToNetworkImage(const v1::Image& image, v1::Preparation preparation,
                                            const LoadedModel& model, const std::string& field,
                                            int64_t max_pixels) {
  const bool digit = TakesDigits(model);
  CONVOY_ASSIGN_OR_RETURN(ColorImage source, Read(image, digit, field, max_pixels));
  v1::PreparationReport size;
  size.set_source_height(source.height);
  size.set_source_width(source.width);
  size.set_source_channels(source.channels);
  absl::StatusOr<NetworkImage> result =
      preparation == v1::NONE ? AsItIs(std::move(source), image.has_png(), model.network(), field)
      : digit                 ? AsDigit(source, preparation, model.network(), field)
                              : Whole(source, model, field);
  if (result.ok()) result->report.MergeFrom(size);
  return result;
}

}  // namespace convoy::api
