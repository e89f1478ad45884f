#include "common/api/image_input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/images/colors.h"
#include "common/images/digit.h"
#include "common/images/png.h"

namespace convoy::api {
namespace {

// An image as it came: grey where it came as a PNG.
struct SourceImage {
  int height = 0;
  int width = 0;
  int channels = 1;
  std::vector<uint8_t> pixels;  // [height, width, channels]
};

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

absl::StatusOr<SourceImage> Read(const v1::Image& image, const std::string& field,
                                 int64_t max_pixels) {
  if (image.has_png()) {
    CONVOY_ASSIGN_OR_RETURN(images::GreyImage grey,
                            images::DecodePng(image.png(), field, {.max_pixels = max_pixels}));
    return SourceImage{.height = grey.height,
                       .width = grey.width,
                       .channels = 1,
                       .pixels = std::move(grey.pixels)};
  }
  if (!image.has_raw()) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": neither png nor raw is set"));
  }
  const v1::RawImage& raw = image.raw();
  const int channels = raw.channels() == 0 ? 1 : raw.channels();
  CONVOY_RETURN_IF_ERROR(CheckRaw(raw, channels, field + ".raw", max_pixels));
  return SourceImage{.height = raw.height(),
                     .width = raw.width(),
                     .channels = channels,
                     .pixels = {raw.pixels().begin(), raw.pixels().end()}};
}

// Whether images can be prepared for the network: it takes grey ones of a reasonable size.
bool TakesDigits(const nn::Network& network) {
  const nn::ModelSpec& spec = network.spec();
  return spec.channels == 1 && std::min(spec.height, spec.width) >= images::kMinPreparedSide;
}

absl::StatusOr<NetworkImage> AsItIs(SourceImage source, const nn::Network& network,
                                    const std::string& field) {
  const Shape shape = {source.height, source.width, source.channels};
  if (shape != network.input_shape()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": the image is ", ShapeToString(shape), ", the network takes ",
                     ShapeToString(network.input_shape()),
                     TakesDigits(network) ? "; leave `preparation` out to have it prepared"
                                          : "; send raw pixels of that shape"));
  }
  NetworkImage result{.pixels = std::move(source.pixels), .report = {}};
  result.report.set_summary("left as it is");
  return result;
}

absl::StatusOr<NetworkImage> Prepared(const SourceImage& source, images::IfPrepared if_prepared,
                                      const nn::Network& network, const std::string& field) {
  const nn::ModelSpec& spec = network.spec();
  const images::GreyImage grey =
      images::ToGrey(source.pixels.data(), source.height, source.width, source.channels);
  absl::StatusOr<images::PreparedDigit> digit =
      images::PrepareDigit(grey, spec.height, spec.width, if_prepared);
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
                                            const nn::Network& network, const std::string& field,
                                            int64_t max_pixels) {
  CONVOY_ASSIGN_OR_RETURN(SourceImage source, Read(image, field, max_pixels));
  v1::PreparationReport size;
  size.set_source_height(source.height);
  size.set_source_width(source.width);
  size.set_source_channels(source.channels);
  const bool always = preparation == v1::ALWAYS;
  if (always && !TakesDigits(network)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "preparation: the network takes images of ", ShapeToString(network.input_shape()),
        ", for which no preparation exists; send images of that shape"));
  }
  absl::StatusOr<NetworkImage> result =
      preparation == v1::NONE || !TakesDigits(network)
          ? AsItIs(std::move(source), network, field)
          : Prepared(source,
                     always ? images::IfPrepared::kPrepareAgain : images::IfPrepared::kLeave,
                     network, field);
  if (result.ok()) result->report.MergeFrom(size);
  return result;
}

}  // namespace convoy::api
