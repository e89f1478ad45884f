#include <png.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/images/decode/decode.h"

namespace convoy::images {
namespace {

constexpr int kRgba = 4;
constexpr int kFull = 255;

// libpng's simplified interface, which keeps its errors in `image` and prints nothing.
struct PngReader {
  png_image image{};
  PngReader() { image.version = PNG_IMAGE_VERSION; }
  ~PngReader() { png_image_free(&image); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
};

absl::Status Broken(const std::string& name, const PngReader& reader) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": broken PNG (", reader.image.message, "); save the picture again"));
}

// Lays RGBA pixels on white and keeps the first `channels` of each.
std::vector<uint8_t> OnWhite(const std::vector<uint8_t>& rgba, int channels) {
  std::vector<uint8_t> pixels;
  pixels.reserve(rgba.size() / kRgba * static_cast<size_t>(channels));
  for (size_t i = 0; i < rgba.size(); i += kRgba) {
    const int opacity = rgba[i + 3];
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      const int mixed = rgba[i + c] * opacity + kFull * (kFull - opacity);
      pixels.push_back(static_cast<uint8_t>((mixed + kFull / 2) / kFull));
    }
  }
  return pixels;
}

}  // namespace

absl::StatusOr<ColorImage> DecodeColorPng(std::string_view bytes, const std::string& name,
                                          const DecodeLimits& limits) {
  PngReader reader;
  png_image& image = reader.image;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    return Broken(name, reader);
  }
  if (int64_t{image.width} * image.height > limits.max_pixels) {
    return absl::ResourceExhaustedError(
        absl::StrCat(name, ": the picture has ", image.width, " x ", image.height,
                     " pixels; at most ", limits.max_pixels, " are read, so make it smaller"));
  }
  ColorImage decoded{.height = static_cast<int>(image.height),
                     .width = static_cast<int>(image.width),
                     .channels = (image.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1};
  // Files of 16 bits without a gamma are as bright as those of 8 bits, not linear.
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  image.format = PNG_FORMAT_RGBA;
  std::vector<uint8_t> rgba(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, rgba.data(), 0, nullptr) == 0) {
    return Broken(name, reader);
  }
  decoded.pixels = OnWhite(rgba, decoded.channels);
  return decoded;
}

}  // namespace convoy::images
