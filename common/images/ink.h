// Telling what is drawn from what it is drawn on: pen on paper, chalk on a board, pixels of a
// drawing program, in even light or not.
#pragma once

#include "absl/status/statusor.h"
#include "common/images/grey_image.h"

namespace convoy::images {

struct Ink {
  Plane strength;     // [height, width]: 0 is background, 1 is drawn
  bool dark = false;  // whether it is darker than its background
};

// Finds the ink of a picture with values from 0 to 255. The background is what most of the
// picture's edge shows; its brightness may change gradually over the picture (a surface of second
// order is fitted to it, and what lies near it is background). Returns INVALID_ARGUMENT if nothing
// stands out. Thread-safe. REQUIRES: neither side is 0.
absl::StatusOr<Ink> FindInk(const Plane& picture);

}  // namespace convoy::images
