// A person's picture of a digit, brought to the form of MNIST's: light on dark, alone, in a box of
// 20 x 20 pixels, its centre of mass in the middle of 28 x 28.
// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/images/grey_image.h"

namespace convoy::images {

// What was done to a picture.
struct Preparation {
  bool unchanged = false;  // it looked prepared already; at most inverted
  bool inverted = false;   // the digit was darker than its background
  int turned = 0;          // the picture, degrees clockwise: its sheet lay askew
  Box box;                 // where the digit was found, in pixels of the picture
  int scaled_width = 0;    // what the box became
  int scaled_height = 0;
  int shift_x = 0;         // from the middle of the prepared image to where the box's middle went,
  int shift_y = 0;         // so that the centre of mass is in the middle
  bool thickened = false;  // strokes too thin to be seen at that size were made wider

  // Returns what was done as a sentence: "made light on dark; cut out 61 x 120 pixels at (40, 12);
  // scaled to 10 x 20; moved by (+1, 0) to centre its mass".
  std::string InWords() const;
};

struct PreparedDigit {
  std::vector<uint8_t> pixels;  // [height, width]
  Preparation preparation;
};

// The smallest images of a network that digits are prepared for.
inline constexpr int kMinPreparedSide = 8;

// What becomes of pictures that look prepared already.
enum class IfPrepared { kLeave, kPrepareAgain };

// Prepares `picture` for a network that takes [height, width, 1]; other sizes than 28 x 28 get a
// box in proportion. A picture of that very size that looks prepared already (dark around, a digit
// of the right size in the middle) is left as it is, but inverted if it is dark on light, unless
// `if_prepared` says otherwise. Returns
// INVALID_ARGUMENT if the picture shows nothing, or a filled area and no strokes. A sheet of paper
// on a desk, light or dark, is looked at inside, and straightened if it lies askew;
// INVALID_ARGUMENT if it may as well be on its side. Thread-safe. REQUIRES: height and width are
// kMinPreparedSide at least, the picture's sides are not 0.
absl::StatusOr<PreparedDigit> PrepareDigit(const GreyImage& picture, int height, int width,
                                           IfPrepared if_prepared = IfPrepared::kLeave);

// As PrepareDigit, of a drawing on a white sheet (255): all that is drawn, darker, is taken for the
// digit, also while it is no more than a dot or a line. Returns INVALID_ARGUMENT if nothing is
// drawn. Thread-safe. REQUIRES: as PrepareDigit.
absl::StatusOr<PreparedDigit> PrepareDrawing(const GreyImage& drawing, int height, int width);

// Whether images are as MNIST's are, but for a few: a digit each, light on dark, of the right size,
// its centre of mass in the middle. `pixels` is [count, height, width]; up to a thousand of them
// are looked at, evenly spread. False if there are none. Thread-safe.
bool AreCentredDigits(const uint8_t* pixels, int64_t count, int height, int width);

}  // namespace convoy::images
