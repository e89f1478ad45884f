// How far the sheet that a digit is written on lies askew, by its edges or the lines on it.
#pragma once

#include <optional>

#include "common/images/grey_image.h"

namespace convoy::images {

// Returns by how many degrees the sheet is turned clockwise, from -45 to 45: the direction of most
// of the long straight lines outside the digit, which are parallel or at right angles. Nothing if
// there are no two of them; one alone may be the edge of a shadow. `digit` [height, width] is above
// one half where the digit is, null if that is not known; `beside` is what BesideTurned says of a
// turned picture, which has no edges there. Thread-safe. REQUIRES: all are of one size, which is
// not 0; values of `picture` from 0 to 255.
std::optional<double> TiltOfSheet(const Plane& picture, const Plane* digit,
                                  const Plane* beside = nullptr);

// Returns how far the outline of `digit` runs along one straight line of the picture that is seen
// outside it, too, over the larger side of its box: much of what a sheet's or a shadow's edge made,
// little of what a pen did. Thread-safe. REQUIRES: as TiltOfSheet, and there is a digit.
double RunAlongLine(const Plane& picture, const Plane& digit, const Plane* beside = nullptr);

// Returns `src` turned clockwise about its middle, by linear interpolation, in a plane that holds
// all of it; what is beside it continues its edges. Thread-safe. REQUIRES: no side is 0.
Plane Turned(const Plane& src, double degrees);

// Returns 1 where Turned(src, degrees) shows what is beside `src`, 0 elsewhere. Thread-safe.
// REQUIRES: as Turned.
Plane BesideTurned(const Plane& src, double degrees);

// Returns the box in `src` around what is in `box` of Turned(src, degrees), which is `turned`.
// REQUIRES: the box lies within `turned`.
Box BeforeTurning(const Box& box, double degrees, const Plane& turned, const Plane& src);

}  // namespace convoy::images
