// The strokes of a digit among all ink of a picture: specks and what comes in from the edge are
// taken away, strokes that are too thin are made wider.
#pragma once

#include "common/images/grey_image.h"

namespace convoy::images {

// What is stronger is ink.
inline constexpr float kInk = 0.5f;

// Sets all ink of `strength` (0 to 1) to 0 that does not belong to the digit: connected pieces much
// smaller than the largest one, and pieces that touch the picture's edge where there is a large one
// that does not (the rim of a page, a finger).
void KeepDigit(Plane* strength);

// Returns the number of connected pieces of ink stronger than one half, by eight neighbours.
int CountPieces(const Plane& strength);

// Returns the smallest box around ink stronger than one half. REQUIRES: there is such ink.
Box BoxOfInk(const Plane& strength);

// Returns the mean width of the strokes, in pixels: twice their area over the length of their
// outline. REQUIRES: there is ink stronger than one half.
double StrokeWidth(const Plane& strength);

// Returns every stroke made wider by `radius` pixels on either side.
Plane Thicken(const Plane& strength, int radius);

}  // namespace convoy::images
