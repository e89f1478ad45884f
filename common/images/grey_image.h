// A grey picture of any size, and its resampling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace convoy::images {

// A value type. 0 is black, 255 white.
struct GreyImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;  // [height, width]

  uint8_t at(int x, int y) const { return pixels[static_cast<size_t>(y) * width + x]; }
};

// A rectangle of pixels.
struct Box {
  int x = 0;  // of its left column
  int y = 0;  // of its top row
  int width = 0;
  int height = 0;

  friend bool operator==(const Box&, const Box&) = default;
};

// Values from 0 to 1, or whatever they stand for.
struct Plane {
  int width = 0;
  int height = 0;
  std::vector<float> values;  // [height, width]

  float at(int x, int y) const { return values[static_cast<size_t>(y) * width + x]; }
  float& at(int x, int y) { return values[static_cast<size_t>(y) * width + x]; }
};

// Resamples the part `box` of `src` to [height, width]: the mean over the area that a pixel covers
// where that shrinks, linear interpolation where it grows. REQUIRES: the box lies within `src`; no
// size is 0.
Plane Resample(const Plane& src, const Box& box, int width, int height);
Plane Resample(const GreyImage& src, const Box& box, int width, int height);

// Returns the image's values, from 0 to 255.
Plane ToPlane(const GreyImage& image);

}  // namespace convoy::images
