// Random maps of the plane that bend, stretch, slant and turn a written digit.
#pragma once

#include <array>
#include <cstddef>

#include "common/base/random.h"

namespace convoy::data {

// A smooth random field of displacements over the stroke font's frame: a cubic B-spline on a coarse
// grid of random vectors. Outside the frame it goes on as on its edge.
class ElasticField {
 public:
  // `deviation` is that of each coordinate of the grid's vectors, in units of the frame (100 high).
  ElasticField(double deviation, RandomSequence& random);

  void Displace(double& x, double& y) const;

 private:
  static constexpr size_t kCells = 3;  // a side
  static constexpr size_t kLines = kCells + 3;
  struct Vector {
    double x;
    double y;
  };
  struct Weights;

  std::array<std::array<Vector, kLines>, kLines> grid_;
};

// A random stretch in x, then a slant (to the right more often, as people write), then a rotation,
// all around the origin.
class AffineMap {
 public:
  explicit AffineMap(RandomSequence& random);

  void Apply(double& x, double& y) const;

 private:
  double xx_;
  double xy_;
  double yx_;
  double yy_;
};

}  // namespace convoy::data
