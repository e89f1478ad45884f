// Turns the path of a pen into a 28 x 28 grey image the way MNIST's makers did with scanned digits.
// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits": size-normalised to fit
// a 20 x 20 box, its aspect ratio kept, and moved so that the centre of mass is in the middle.
#pragma once

#include <cstdint>
#include <vector>

#include "common/data/digits/handwriting.h"

namespace convoy::data {

inline constexpr int kDigitSize = 28;                         // rows and columns of an image
inline constexpr int kDigitPixels = kDigitSize * kDigitSize;  // bytes of an image

// The pen and what becomes of its ink.
struct Pen {
  double radius = 1.3;  // in pixels of the image, for a pressure of 1
  double blur = 0;      // in [0, 1/3]: the share of its ink that a pixel gives to each neighbour
  double contrast = 1;  // at least 1: the ink is multiplied by it, up to full white
};

// Draws `paths` into pixels [28, 28], row-major, 0 black and 255 white ink, all of which are
// written; ink below 4% of full is not seen. The paths may have any size and place: their box is
// scaled to 20 pixels on its longer side, and the ink's centre of mass comes to pixel (14, 14),
// within half a pixel, as in MNIST. The same bytes on every CPU. Thread-safe.
void DrawPaths(const std::vector<PenPath>& paths, const Pen& pen, uint8_t* pixels);

}  // namespace convoy::data
