// What is around something that looks like ink. Strokes stand on a ground that goes on around them;
// the paper between strokes has them around it, and more paper behind them.
#pragma once

#include "common/images/ground.h"

namespace convoy::images {

// Shares of what is around it, from 0 to 1.
struct Surroundings {
  double thin = 0;      // of what is beside it: thin itself, and of the other kind
  double like_ink = 0;  // of the ground a little further on: as light as the ink is
  double cut = 0;       // of what is beside it: ink as well, that was taken for ground
};

// Looks around what is set in `mask` [height, width], ink of brightness `level` on a ground of
// `ground`, as `flat` shows it; `other` is the same picture with the other kind of ink.
// Thread-safe. REQUIRES: something is set, and all are of one size.
Surroundings SurroundingsOf(const Plane& mask, double level, double ground, const Flattened& flat,
                            const Flattened& other);

// Whether it is the paper between dark strokes, or between them and the edge of a sheet or a shadow
// (of dark ink: the board between chalk).
bool IsGroundOfOther(const Surroundings& around, bool dark);

}  // namespace convoy::images
