// Finding the one digit of a picture: pen on paper, chalk on a board, pixels of a drawing program,
// in whatever light and with whatever around it.
#pragma once

#include "absl/status/statusor.h"
#include "common/images/grey_image.h"

namespace convoy::images {

struct Ink {
  Plane strength;     // [height, width]: 0 is background, 1 is drawn; of the digit alone
  bool dark = false;  // whether it is darker than its background
};

// Finds the digit in a picture with values from 0 to 255. Returns INVALID_ARGUMENT, saying what is
// wrong, if there is none or if it is not sure: nothing that stands out, filled areas, more strokes
// than a digit has, several things. What reaches into `beside`, set where a turned picture shows
// nothing (tilt.h), is none. Thread-safe. REQUIRES: neither side is 0; `beside` is null or of the
// picture's size.
absl::StatusOr<Ink> FindDigit(const Plane& picture, const Plane* beside = nullptr);

}  // namespace convoy::images
