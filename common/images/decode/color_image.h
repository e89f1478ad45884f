// A picture as files hold it, in colour or grey, and how it is brought to a network's size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::images {

// A value type. 0 is black, 255 full.
struct ColorImage {
  int height = 0;
  int width = 0;
  int channels = 3;             // 1 grey, 3 red, green, blue
  std::vector<uint8_t> pixels;  // [height, width, channels]
};

// How a picture of another shape becomes [height, width].
enum class ImageFit {
  kCrop,     // scaled until it covers the size; what sticks out is cut off, evenly
  kPad,      // scaled until it fits into the size; black bars, evenly
  kStretch,  // each axis scaled on its own
};

// Returns the fit called "crop", "pad" or "stretch", or INVALID_ARGUMENT.
absl::StatusOr<ImageFit> ParseImageFit(const std::string& name);

// Returns the picture in another size, the same bits on any machine: pixels are means of areas
// where that shrinks, linear between neighbours where it grows. REQUIRES: no size is 0.
ColorImage FitTo(const ColorImage& src, int height, int width, ImageFit fit);

// Returns the picture with `channels` (1 or 3). Grey is the luma of ITU-R BT.601.
ColorImage WithChannels(ColorImage image, int channels);

}  // namespace convoy::images
