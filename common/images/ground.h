// The ground that ink stands on, in whatever light: paper with a shadow on it, a desk around it.
#pragma once

#include "common/images/grey_image.h"

namespace convoy::images {

// A picture as if its light were even.
struct Flattened {
  Plane ink;        // [height, width]: the difference from the ground as a share of it, 0: none
  Plane nearby;     // the same of the pixel within a few that is most like the ground
  Plane ground;     // its brightness, 0 to 255
  float noise = 0;  // the standard deviation of `ink` where there is none
};

// Returns what is darker (or, without `dark`, lighter) than the ground and fits into no square of
// 2 * radius + 1 pixels: strokes do not; shadows, vignettes and desks do and are ground.
// Thread-safe. REQUIRES: values from 0 to 255, no side is 0, radius >= 1.
Flattened Flatten(const Plane& picture, bool dark, int radius);

// Returns the largest value of the square of 2 * radius + 1 pixels around each pixel.
Plane Largest(const Plane& src, int radius);

// Returns the mean of each pixel and its neighbours, the nearer the heavier.
Plane Smooth(const Plane& src);

}  // namespace convoy::images
