// Whether ink that was found in a picture can be a digit, and the even light that it is found in.
#pragma once

#include "absl/status/status.h"
#include "common/images/grey_image.h"

namespace convoy::images {

// Whether the ink is a filled area, as of a sheet of paper, which may lie at any angle and have
// something drawn on it, a shadow or a desk, and no strokes.
bool IsFilledArea(const Plane& strength);

// Whether ink reaches two of the plane's sides or more, along a twentieth of them at least.
bool ReachesSides(const Plane& strength);

// Whether the ink fades out over many pixels, as light does and paper does not.
bool HasSoftEdge(const Plane& strength);

// Returns INVALID_ARGUMENT, saying what is wrong, if the ink of `strength` (0 to 1) is none of a
// digit's: a filled area, as of a shadow or a desk's edge; more strokes than a digit has, as of
// writing, squared paper or cloth; many pieces. Thread-safe. REQUIRES: there is ink stronger than
// one half.
absl::Status CheckIsDigit(const Plane& strength);

// Returns the picture with only what is thin: what is darker (or, without `dark`, lighter) than
// everything within a tenth of its larger side, on an even ground. Shadows, vignettes and desks are
// wide and vanish, but for a thin line at a hard edge.
Plane ThinParts(const Plane& picture, bool dark);

// Returns the picture with what lies around the sheet painted in the sheet's own colours, row by
// row. `sheet` is the sheet's strength (0 to 1), of the same size; what is enclosed by it belongs
// to it. The sheet may lie at any angle.
Plane OnlyTheSheet(const Plane& picture, const Plane& sheet);

}  // namespace convoy::images
