// The ground that ink stands on, in whatever light: paper with a shadow on it, a desk around it.
#pragma once

#include "common/images/grey_image.h"

namespace convoy::images {

// A picture as if its light were even.
struct Flattened {
  Plane ink;         // [height, width]: the difference from the ground as a share of it, 0: none
  Plane calm;        // the picture, 0 to 255, without single pixels of noise
  Plane ground;      // its brightness, 0 to 255
  bool dark = true;  // whether ink is darker than its ground
  float offset = 0;  // the share that is no ink
  float noise = 0;   // the standard deviation of `ink` where there is none
  int blur = 1;      // how many pixels an edge may be wide

  // Returns how much of the ink of (x, y) the pixel (other_x, other_y) would have on its ground.
  float InkThere(int x, int y, int other_x, int other_y) const;
};

// Returns what is darker (or, without `dark`, lighter) than the ground and fits into no square of
// 2 * radius + 1 pixels: strokes do not; shadows, vignettes and desks do and are ground.
// Thread-safe. REQUIRES: values from 0 to 255, no side is 0, radius >= 1.
Flattened Flatten(const Plane& picture, bool dark, int radius);

// Returns the largest value of the square of 2 * radius + 1 pixels around each pixel.
Plane Largest(const Plane& src, int radius);

// Returns the smallest one.
Plane Smallest(const Plane& src, int radius);

// Returns the mean of each pixel and its neighbours, the nearer the heavier.
Plane Smooth(const Plane& src);

}  // namespace convoy::images
