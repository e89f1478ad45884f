#include <vector>

#include "common/base/status.h"
#include "common/images/decode/decode.h"
#include "common/images/png.h"

namespace convoy::images {
namespace {

constexpr int kRgba = 4;
constexpr int kFull = 255;

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
  CONVOY_ASSIGN_OR_RETURN(
      const PngPixels rgba,
      ReadPng(bytes, name, {.max_bytes = limits.max_bytes, .max_pixels = limits.max_pixels},
              PngLayout::kRgba));
  const int channels = rgba.is_colored ? 3 : 1;
  return ColorImage{.height = rgba.height,
                    .width = rgba.width,
                    .channels = channels,
                    .pixels = OnWhite(rgba.bytes, channels)};
}

}  // namespace convoy::images
