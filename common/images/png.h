// PNG files to and from grey pictures, by libpng. What comes in may be anything: broken, huge, or
// small bytes that unpack to a huge picture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/images/grey_image.h"

namespace convoy::images {

// What a picture may cost to unpack: two bytes a pixel.
struct PngLimits {
  size_t max_bytes = size_t{16} << 20;
  int64_t max_pixels = 25'000'000;  // more than the photos of most cameras
};

// True if `bytes` begin as every PNG does.
bool IsPng(std::string_view bytes);

// What libpng unpacks: `bytes_a_pixel` as asked for, a picture's rows from the top, nothing
// between.
struct PngPixels {
  int height = 0;
  int width = 0;
  bool is_colored = false;  // as the file says; palettes are
  std::vector<uint8_t> bytes;
};
enum class PngLayout { kGreyAlpha, kRgba };  // 2 and 4 bytes a pixel

// The one way to read a PNG: of any colour type, bit depth and interlacing, to 8 bits in sRGB.
// Files of 16 bits that have no gamma are taken to be as bright as those of 8 bits, not linear.
// Errors as DecodePng.
absl::StatusOr<PngPixels> ReadPng(std::string_view bytes, const std::string& name,
                                  const PngLimits& limits, PngLayout layout);

// Decodes a PNG of any colour type, bit depth and interlacing; colours become the grey of the same
// brightness. What is transparent gets a background that the rest stands out from: white behind
// dark pictures, black behind light ones. `name` names it in messages. Thread-safe.
//
// Returns INVALID_ARGUMENT if it is no PNG or a broken or truncated one, RESOURCE_EXHAUSTED if it
// is larger than the limits; nothing of the picture's size is allocated before that is known.
absl::StatusOr<GreyImage> DecodePng(std::string_view bytes, const std::string& name,
                                    const PngLimits& limits = {});

// Returns the picture as a grey PNG of 8 bits, the same bytes for the same picture. Thread-safe.
// REQUIRES: neither side is 0.
std::string EncodePng(const GreyImage& image);

}  // namespace convoy::images
