#include "common/images/surroundings.h"

#include <algorithm>
#include <cmath>

#include "common/images/strokes.h"

namespace convoy::images {
namespace {

// The pixels at distances from `from` (not included) to `to` of what is in `mask`, 1 or 0.
Plane Ring(const Plane& mask, int from, int to) {
  Plane ring = Largest(mask, to);
  const Plane near = Largest(mask, from);
  for (size_t i = 0; i < ring.values.size(); ++i) ring.values[i] -= near.values[i];
  return ring;
}

// Returns the share of the ring whose pixels are so.
template <typename Is>
double ShareOf(const Plane& ring, const Is& is) {
  double all = 0;
  double such = 0;
  for (size_t i = 0; i < ring.values.size(); ++i) {
    if (ring.values[i] == 0) continue;
    ++all;
    such += is(i) ? 1 : 0;
  }
  return all == 0 ? 0 : such / all;
}

}  // namespace

Surroundings SurroundingsOf(const Plane& mask, double level, double ground, const Flattened& flat,
                            const Flattened& other) {
  constexpr double kReach = 0.2;  // of the larger side of the box
  constexpr double kLike = 0.25;  // of the contrast
  const double contrast = std::abs(level - ground);
  const Box box = BoxOfInk(mask);
  const int reach =
      std::max(4, static_cast<int>(std::lround(kReach * std::max(box.width, box.height))));
  const Plane beside = Ring(mask, 1, 3);
  Surroundings around;
  around.thin = ShareOf(beside, [&](size_t i) {
    return std::abs(other.ground.values[i] - other.calm.values[i]) > 0.5 * contrast;
  });
  // What is stronger than the ink is ink, too: only the soft rim of wide strokes may be left.
  const auto is_ink = [&](double value) {
    return (flat.dark ? value - level : level - value) < kLike * contrast;
  };
  around.cut = ShareOf(beside, [&](size_t i) {
    return is_ink(flat.calm.values[i]) && is_ink(flat.ground.values[i]);
  });
  around.like_ink = ShareOf(Ring(mask, reach / 2, reach), [&](size_t i) {
    return std::abs(flat.ground.values[i] - level) < std::abs(flat.ground.values[i] - ground);
  });
  return around;
}

bool IsGroundOfOther(const Surroundings& around, bool dark) {
  // Of light ink on photographs `thin` is 0.4 at most and `like_ink` 0. Of dark ink they are more:
  // the paper at a desk's or a shadow's edge is thin, and paper in a shadow nearly as dark.
  if (!dark) return around.thin > 0.6 || around.like_ink > 0.2;
  return around.thin > 0.93 || around.like_ink > 0.5 ||
         (around.thin > 0.6 && around.like_ink > 0.3);
}

}  // namespace convoy::images
