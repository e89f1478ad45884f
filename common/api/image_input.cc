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

absl::Status CheckRaw(const v1::RawImage& raw, int channels, const std::string& field) {
  constexpr int64_t kMaxPixels = images::PngLimits{}.max_pixels;
  const int64_t pixels = int64_t{raw.height()} * raw.width();
  if (raw.height() < 1 || raw.width() < 1) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": height and width must be 1 at least, ",
                                                   "not ", raw.height(), " and ", raw.width()));
  }
  if (pixels > kMaxPixels) {
    return absl::ResourceExhaustedError(absl::StrCat(field, ": ", raw.height(), " x ", raw.width(),
                                                     " pixels; at most ", kMaxPixels,
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

absl::StatusOr<SourceImage> Read(const v1::Image& image, const std::string& field) {
  if (image.has_png()) {
    CONVOY_ASSIGN_OR_RETURN(images::GreyImage grey, images::DecodePng(image.png(), field));
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
  CONVOY_RETURN_IF_ERROR(CheckRaw(raw, channels, field + ".raw"));
  return SourceImage{.height = raw.height(),
                     .width = raw.width(),
                     .channels = channels,
                     .pixels = {raw.pixels().begin(), raw.pixels().end()}};
}

// Whether pictures are prepared as digits for the network: it takes grey ones of a reasonable size,
// and was not trained on others.
bool TakesDigits(const nn::Network& network, formats::ImageForm form) {
  const nn::ModelSpec& spec = network.spec();
  return form != formats::ImageForm::kWholePictures && spec.channels == 1 &&
         std::min(spec.height, spec.width) >= images::kMinPreparedSide;
}

absl::StatusOr<NetworkImage> AsItIs(SourceImage source, const nn::Network& network,
                                    const std::string& field) {
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

// One channel of an image.
images::GreyImage Channel(const SourceImage& source, int channel) {
  images::GreyImage plane{.width = source.width, .height = source.height, .pixels = {}};
  for (size_t i = static_cast<size_t>(channel); i < source.pixels.size();
       i += static_cast<size_t>(source.channels)) {
    plane.pixels.push_back(source.pixels[i]);
  }
  return plane;
}

// The largest part in the middle whose sides are as those of the network's images.
images::Box MiddleOf(const SourceImage& source, const nn::ModelSpec& spec) {
  const int64_t width = int64_t{source.height} * spec.width / spec.height;
  const int64_t height = int64_t{source.width} * spec.height / spec.width;
  images::Box box{.width = static_cast<int>(std::clamp<int64_t>(width, 1, source.width)),
                  .height = static_cast<int>(std::clamp<int64_t>(height, 1, source.height))};
  box.x = (source.width - box.width) / 2;
  box.y = (source.height - box.height) / 2;
  return box;
}

std::string WholeInWords(const SourceImage& source, const images::Box& box,
                         const nn::ModelSpec& spec) {
  std::string words;
  if (box.width != source.width || box.height != source.height) {
    words = absl::StrCat("cut to the middle ", box.width, " x ", box.height, " pixels; ");
  }
  if (box.width == spec.width && box.height == spec.height) {
    return words.empty() ? "left as it is, as a whole picture" : words + "taken as a whole picture";
  }
  return absl::StrCat(words, "scaled to ", spec.width, " x ", spec.height, " as a whole picture");
}

// Scales the picture as a whole, channel by channel.
absl::StatusOr<NetworkImage> Whole(const SourceImage& source, const nn::Network& network,
                                   const std::string& field) {
  const nn::ModelSpec& spec = network.spec();
  const bool to_grey = spec.channels == 1 && source.channels > 1;
  if (!to_grey && source.channels != 1 && source.channels != spec.channels) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": the image has ", source.channels,
                                                   " channels, the network takes ", spec.channels,
                                                   "; send that many"));
  }
  const images::Box box = MiddleOf(source, spec);
  const auto channels = static_cast<size_t>(spec.channels);
  NetworkImage result;
  result.pixels.resize(static_cast<size_t>(spec.height) * static_cast<size_t>(spec.width) *
                       channels);
  for (size_t channel = 0; channel < channels; ++channel) {
    const images::GreyImage plane =
        to_grey ? images::ToGrey(source.pixels.data(), source.height, source.width, source.channels)
                : Channel(source, source.channels == 1 ? 0 : static_cast<int>(channel));
    const images::Plane scaled = images::Resample(plane, box, spec.width, spec.height);
    for (size_t i = 0; i < scaled.values.size(); ++i) {
      const float value = std::clamp(scaled.values[i], 0.0f, 255.0f);
      result.pixels[i * channels + channel] = static_cast<uint8_t>(value + 0.5f);
    }
  }
  result.report.set_converted_to_grey(to_grey);
  result.report.set_summary(WholeInWords(source, box, spec));
  return result;
}

absl::StatusOr<NetworkImage> AsDigit(const SourceImage& source, images::IfPrepared if_prepared,
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
                                            const nn::Network& network, formats::ImageForm form,
                                            const std::string& field) {
  CONVOY_ASSIGN_OR_RETURN(SourceImage source, Read(image, field));
  v1::PreparationReport size;
  size.set_source_height(source.height);
  size.set_source_width(source.width);
  size.set_source_channels(source.channels);
  const auto if_prepared =
      preparation == v1::ALWAYS ? images::IfPrepared::kPrepareAgain : images::IfPrepared::kLeave;
  absl::StatusOr<NetworkImage> result =
      preparation == v1::NONE      ? AsItIs(std::move(source), network, field)
      : TakesDigits(network, form) ? AsDigit(source, if_prepared, network, field)
                                   : Whole(source, network, field);
  if (result.ok()) result->report.MergeFrom(size);
  return result;
}

}  // namespace convoy::api
