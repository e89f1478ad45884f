// Draws the path of a pen that writes a digit: a pose of the stroke font, bent at random.
#pragma once

#include <vector>

#include "common/base/random.h"

namespace convoy::data {

// A point of the pen's path, y downwards. `pressure` scales the pen's radius and is about 1.
struct PathPoint {
  double x = 0;
  double y = 0;
  double pressure = 1;
};

using PenPath = std::vector<PathPoint>;  // straight pieces; at least two points

// Returns the strokes of a `digit` as some hand would write it: two poses of one family are
// blended, their points moved at random and joined by smooth curves; corners are rounded as in fast
// writing, and the whole is bent, stretched, slanted and turned. Everything comes from `random`.
// Only operations that IEEE 754 defines exactly are used, so the result is the same on every CPU.
// Thread-safe. REQUIRES: 0 <= digit <= 9.
std::vector<PenPath> WriteDigit(int digit, RandomSequence& random);

}  // namespace convoy::data
