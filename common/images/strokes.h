// The strokes of a digit: how wide and how long they are, and whether they can be a digit's.
#pragma once

#include "absl/status/status.h"
#include "common/images/grey_image.h"

namespace convoy::images {

// What is stronger is ink.
inline constexpr float kInk = 0.5f;

// Returns the smallest box around ink stronger than one half. REQUIRES: there is such ink.
Box BoxOfInk(const Plane& strength);

// Returns the mean width of the strokes, in pixels: twice their area over the length of their
// outline. REQUIRES: there is ink stronger than one half.
double StrokeWidth(const Plane& strength);

// Returns how thick the ink is where it is thickest: the side of the largest square within it over
// the larger side of its box. REQUIRES: there is ink stronger than one half.
double Thickness(const Plane& strength);

// Returns INVALID_ARGUMENT for ink that is none of a digit's: of a filled area, as a blot is, or of
// more strokes than a digit has, as writing or cloth. REQUIRES: there is ink stronger than one
// half.
absl::Status CheckIsStrokesOfADigit(const Plane& strength);

}  // namespace convoy::images
