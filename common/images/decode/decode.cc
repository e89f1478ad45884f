#include "common/images/decode/decode.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/images/png.h"

namespace convoy::images {
namespace {

// Says what the bytes are, for files that people take for pictures that we read.
std::string DescribeStart(std::string_view bytes) {
  const auto has = [bytes](size_t at, std::string_view text) {
    return bytes.size() > at && bytes.substr(at).starts_with(text);
  };
  if (bytes.empty()) return "is empty";
  if (has(0, "GIF8")) return "is a GIF";
  if (has(0, "BM")) return "is a BMP";
  if (has(0, "RIFF") && has(8, "WEBP")) return "is a WebP";
  if (has(0, "II*") || has(0, "MM")) return "is a TIFF";
  if (has(4, "ftyp")) return "is a HEIC or AVIF picture";
  if (has(0, "<")) return "is a web page or an SVG";
  if (has(0, "version https://git-lfs")) return "is a pointer of Git LFS, not the file";
  return "is no picture";
}

}  // namespace

absl::StatusOr<ColorImage> DecodePicture(std::string_view bytes, const std::string& name,
                                         const DecodeLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return TextError(absl::StatusCode::kResourceExhausted,
                     "$0: the file has $1 bytes; at most $2 are read, so make the picture smaller",
                     name, bytes.size(), limits.max_bytes);
  }
  if (IsJpeg(bytes)) return DecodeJpeg(bytes, name, limits);
  if (IsPng(bytes)) return DecodeColorPng(bytes, name, limits);
  return TextError(absl::StatusCode::kInvalidArgument, "$0: $1; save it as JPEG or PNG", name,
                   DescribeStart(bytes));
}

absl::StatusOr<GreyImage> DecodeGrey(std::string_view bytes, const std::string& name,
                                     const DecodeLimits& limits) {
  if (IsPng(bytes)) return DecodePng(bytes, name, {.max_pixels = limits.max_pixels});
  CONVOY_ASSIGN_OR_RETURN(ColorImage picture, DecodePicture(bytes, name, limits));
  picture = WithChannels(std::move(picture), 1);
  return GreyImage{
      .width = picture.width, .height = picture.height, .pixels = std::move(picture.pixels)};
}

}  // namespace convoy::images
