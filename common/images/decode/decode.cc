#include "common/images/decode/decode.h"

#include <utility>

#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/images/png.h"

namespace convoy::images {
namespace {

// Says what the bytes are, for files that people take for pictures that we read.
absl::Status NoPicture(std::string_view bytes, const std::string& name) {
  const auto has = [bytes](size_t at, std::string_view text) {
    return bytes.size() > at && bytes.substr(at).starts_with(text);
  };
  if (bytes.empty()) return InvalidArgumentTextError("$0: is empty; save it as JPEG or PNG", name);
  if (has(0, "GIF8")) return InvalidArgumentTextError("$0: is a GIF; save it as JPEG or PNG", name);
  if (has(0, "BM")) return InvalidArgumentTextError("$0: is a BMP; save it as JPEG or PNG", name);
  if (has(0, "RIFF") && has(8, "WEBP"))
    return InvalidArgumentTextError("$0: is a WebP; save it as JPEG or PNG", name);
  if (has(0, "II*") || has(0, "MM"))
    return InvalidArgumentTextError("$0: is a TIFF; save it as JPEG or PNG", name);
  if (has(4, "ftyp"))
    return InvalidArgumentTextError("$0: is a HEIC or AVIF picture; save it as JPEG or PNG", name);
  if (has(0, "<"))
    return InvalidArgumentTextError("$0: is a web page or an SVG; save it as JPEG or PNG", name);
  if (has(0, "version https://git-lfs"))
    return InvalidArgumentTextError(
        "$0: is a pointer of Git LFS, not the file; save it as JPEG or PNG", name);
  return InvalidArgumentTextError("$0: is no picture; save it as JPEG or PNG", name);
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
  return NoPicture(bytes, name);
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
