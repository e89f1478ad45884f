#include "common/data/digits/distortion.h"

#include <algorithm>

#include "common/base/exact_random.h"

namespace convoy::data {
namespace {

// The grid covers [-kMargin, kEm + kMargin] in x and y.
constexpr double kEm = 100;
constexpr double kMargin = 10;

constexpr double kStretchSpread = 0.28;
constexpr double kMeanSlant = 0.18;  // tangent of the angle to the vertical
constexpr double kSlantDeviation = 0.28;
constexpr double kHalfTurnDeviation = 0.05;  // of half the angle of rotation, about, in radians

}  // namespace

// The four B-spline weights of a coordinate, and the grid line that the first belongs to.
struct ElasticField::Weights {
  explicit Weights(double position) {
    constexpr double kCellSize = (kEm + 2 * kMargin) / kCells;
    const double u = std::clamp((position + kMargin) / kCellSize, 0.0, kCells - 1e-9);
    first = static_cast<size_t>(u);
    const double t = u - static_cast<double>(first);
    const double s = 1 - t;
    value = {s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
             (3 * s * s * s - 6 * s * s + 4) / 6, t * t * t / 6};
  }
  size_t first;
  std::array<double, 4> value;
};

ElasticField::ElasticField(double deviation, RandomSequence& random) {
  for (auto& row : grid_) {
    for (Vector& vector : row) {
      vector.x = deviation * NearlyNormal(random);
      vector.y = deviation * NearlyNormal(random);
    }
  }
}

void ElasticField::Displace(double& x, double& y) const {
  const Weights across(x);
  const Weights down(y);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      const double weight = down.value[i] * across.value[j];
      const Vector& vector = grid_[down.first + i][across.first + j];
      x += weight * vector.x;
      y += weight * vector.y;
    }
  }
}

AffineMap::AffineMap(RandomSequence& random) {
  const double stretch = RandomScale(random, kStretchSpread);
  const double slant = kMeanSlant + kSlantDeviation * NearlyNormal(random);
  // (1 - h^2) / (1 + h^2) and 2h / (1 + h^2) are the cosine and sine of an angle of about 2h.
  const double h = kHalfTurnDeviation * NearlyNormal(random);
  const double cosine = (1 - h * h) / (1 + h * h);
  const double sine = 2 * h / (1 + h * h);
  xx_ = cosine * stretch;
  xy_ = -cosine * slant - sine;
  yx_ = sine * stretch;
  yy_ = -sine * slant + cosine;
}

void AffineMap::Apply(double& x, double& y) const {
  const double old_x = x;
  x = xx_ * old_x + xy_ * y;
  y = yx_ * old_x + yy_ * y;
}

}  // namespace convoy::data
