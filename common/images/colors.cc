#include "common/images/colors.h"

#include "common/base/check.h"

namespace convoy::images {
namespace {

int GreyOf(const uint8_t* pixel, int channels) {
  if (channels <= 2) return pixel[0];
  return (299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000;
}

int OpacityOf(const uint8_t* pixel, int channels) {
  return channels % 2 == 0 ? pixel[channels - 1] : 255;
}

// Returns what the opaque part of a picture stands out from.
int BackgroundFor(const uint8_t* pixels, int64_t num_pixels, int channels) {
  int64_t brightness = 0;
  int64_t opaque = 0;
  for (int64_t i = 0; i < num_pixels; ++i, pixels += channels) {
    const int opacity = OpacityOf(pixels, channels);
    brightness += int64_t{GreyOf(pixels, channels)} * opacity;
    opaque += opacity;
  }
  return brightness < opaque * 128 ? 255 : 0;
}

}  // namespace

GreyImage ToGrey(const uint8_t* pixels, int height, int width, int channels) {
  CONVOY_CHECK(channels >= 1 && channels <= 4);
  const int64_t num_pixels = int64_t{height} * width;
  const int background = BackgroundFor(pixels, num_pixels, channels);
  GreyImage grey{.width = width, .height = height};
  grey.pixels.resize(static_cast<size_t>(num_pixels));
  for (uint8_t& value : grey.pixels) {
    const int opacity = OpacityOf(pixels, channels);
    const int mixed = GreyOf(pixels, channels) * opacity + background * (255 - opacity);
    value = static_cast<uint8_t>((mixed + 127) / 255);
    pixels += channels;
  }
  return grey;
}

}  // namespace convoy::images
