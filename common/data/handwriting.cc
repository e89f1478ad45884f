#include "common/data/handwriting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/data/stroke_font.h"

namespace convoy::data {
namespace {

constexpr double kEm = 100;          // the height of a digit in the stroke font
constexpr double kTickShare = 0.12;  // of the ends of strokes have a tick
constexpr double kPieceLength = 4;   // of the straight pieces of a path: below a pixel

// Returns a number with mean 0 and variance 1 that is never beyond 3: the sum of three uniform
// ones, close enough to normal and free of library functions that round by CPU.
double Normal(RandomSequence& random) {
  return 2.0 * (double{random.NextFloat()} + random.NextFloat() + random.NextFloat() - 1.5);
}

double Uniform(RandomSequence& random, double low, double high) {
  return low + (high - low) * random.NextFloat();
}

// Returns a factor around 1 whose logarithm is about symmetric; `spread` is its deviation.
double RandomScale(RandomSequence& random, double spread) {
  const double u = 0.5 * spread * Normal(random);
  return (1 + u) / (1 - u);
}

const PoseFamily& DrawFamily(int digit, RandomSequence& random) {
  const std::vector<PoseFamily>& families = DigitFamilies(digit);
  int total = 0;
  for (const PoseFamily& family : families) total += family.weight;
  int left = static_cast<int>(random.NextBelow(static_cast<uint64_t>(total)));
  for (const PoseFamily& family : families) {
    left -= family.weight;
    if (left < 0) return family;
  }
  return families.back();
}

// Blends two poses of `family`, a little beyond either end as well.
Pose BlendPoses(const PoseFamily& family, RandomSequence& random) {
  Pose pose = family.poses[random.NextBelow(family.poses.size())];
  const Pose& other = family.poses[random.NextBelow(family.poses.size())];
  const double share = Uniform(random, -0.15, 1.0);
  for (size_t s = 0; s < pose.size(); ++s) {
    for (size_t p = 0; p < pose[s].size(); ++p) {
      pose[s][p].x += share * (other[s][p].x - pose[s][p].x);
      pose[s][p].y += share * (other[s][p].y - pose[s][p].y);
    }
  }
  return pose;
}

// Moves strokes against each other and points by themselves, the ends of strokes most.
void JitterPoints(double untidiness, RandomSequence& random, Pose& pose) {
  for (PenStroke& stroke : pose) {
    const double shift = pose.size() > 1 ? 2.0 * untidiness : 0.0;
    const double dx = shift * Normal(random);
    const double dy = shift * Normal(random);
    for (size_t p = 0; p < stroke.size(); ++p) {
      const bool end = p == 0 || p + 1 == stroke.size();
      const double deviation = untidiness * (end ? 4.0 : 2.4);
      stroke[p].x += dx + deviation * Normal(random);
      stroke[p].y += dy + deviation * Normal(random);
    }
  }
}

// Lets a stroke begin or end with a small tick in any direction, as a hurried pen does.
void AddTicks(RandomSequence& random, PenStroke& stroke) {
  for (const bool at_end : {false, true}) {
    const bool tick = random.NextFloat() < kTickShare;
    ControlPoint point = at_end ? stroke.back() : stroke.front();
    point.x += 7 * Normal(random);
    point.y += 5 * Normal(random);
    if (tick) stroke.insert(at_end ? stroke.end() : stroke.begin(), point);
  }
}

// Returns the point at `t` in [0, 1] between p[1] and p[2] of a Catmull-Rom curve, for one axis.
double CatmullRom(double p0, double p1, double p2, double p3, double t) {
  const double a = 2 * p1;
  const double b = p2 - p0;
  const double c = 2 * p0 - 5 * p1 + 4 * p2 - p3;
  const double d = 3 * p1 - p0 - 3 * p2 + p3;
  return 0.5 * (a + t * (b + t * (c + t * d)));
}

// Returns the neighbour of stroke[p] in `direction`, or where a corner or an end has none, the
// mirror image of the point on the other side, which makes the curve run straight into it.
ControlPoint Neighbour(const PenStroke& stroke, size_t p, int direction) {
  const bool has_none = direction < 0 ? p == 0 : p + 1 == stroke.size();
  if (!has_none && !stroke[p].corner) return stroke[direction < 0 ? p - 1 : p + 1];
  const ControlPoint& other = stroke[direction < 0 ? p + 1 : p - 1];
  return {2 * stroke[p].x - other.x, 2 * stroke[p].y - other.y, false};
}

// Joins the points of `stroke` by curves that pass through them, cut into short straight pieces.
PenPath TraceStroke(const PenStroke& stroke) {
  PenPath path;
  for (size_t p = 0; p + 1 < stroke.size(); ++p) {
    const ControlPoint& from = stroke[p];
    const ControlPoint& to = stroke[p + 1];
    const ControlPoint before = Neighbour(stroke, p, -1);
    const ControlPoint after = Neighbour(stroke, p + 1, +1);
    const double length = std::abs(to.x - from.x) + std::abs(to.y - from.y);
    const int pieces = 2 + static_cast<int>(length / kPieceLength);
    for (int piece = 0; piece < pieces; ++piece) {
      const double t = static_cast<double>(piece) / pieces;
      path.push_back({CatmullRom(before.x, from.x, to.x, after.x, t),
                      CatmullRom(before.y, from.y, to.y, after.y, t), 1});
    }
  }
  path.push_back({stroke.back().x, stroke.back().y, 1});
  return path;
}

// Averages every inner point with its neighbours, `passes` times: a hasty hand cuts corners.
void RoundCorners(int passes, PenPath& path) {
  for (int pass = 0; pass < passes; ++pass) {
    PathPoint before = path.front();
    for (size_t p = 1; p + 1 < path.size(); ++p) {
      const PathPoint here = path[p];
      path[p].x = 0.25 * before.x + 0.5 * here.x + 0.25 * path[p + 1].x;
      path[p].y = 0.25 * before.y + 0.5 * here.y + 0.25 * path[p + 1].y;
      before = here;
    }
  }
}

// Lets the pressure of the pen change slowly along `path`.
void VaryPressure(double spread, RandomSequence& random, PenPath& path) {
  const double start = RandomScale(random, spread);
  const double middle = RandomScale(random, spread);
  const double end = RandomScale(random, spread);
  for (size_t p = 0; p < path.size(); ++p) {
    const double t = 2.0 * static_cast<double>(p) / static_cast<double>(path.size() - 1) - 1;
    const double side = t < 0 ? start : end;
    path[p].pressure = middle + t * t * (side - middle);
  }
}

// A smooth random field of displacements: a cubic B-spline over a coarse grid of random vectors.
class ElasticField {
 public:
  ElasticField(double deviation, RandomSequence& random) {
    for (auto& row : dx_) {
      for (double& value : row) value = deviation * Normal(random);
    }
    for (auto& row : dy_) {
      for (double& value : row) value = deviation * Normal(random);
    }
  }

  void Displace(PathPoint& point) const {
    const Weights wx(point.x);
    const Weights wy(point.y);
    double dx = 0;
    double dy = 0;
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        const double weight = wy.value[i] * wx.value[j];
        dx += weight * dx_[wy.first + i][wx.first + j];
        dy += weight * dy_[wy.first + i][wx.first + j];
      }
    }
    point.x += dx;
    point.y += dy;
  }

 private:
  static constexpr size_t kCells = 3;  // a side, over [-kMargin, kEm + kMargin]
  static constexpr double kMargin = 10;
  using Grid = std::array<std::array<double, kCells + 3>, kCells + 3>;

  // The four B-spline weights of a coordinate and the grid line of the first.
  struct Weights {
    explicit Weights(double x) {
      const double cell_size = (kEm + 2 * kMargin) / kCells;
      const double u = std::clamp((x + kMargin) / cell_size, 0.0, kCells - 1e-9);
      first = static_cast<size_t>(u);
      const double t = u - static_cast<double>(first);
      const double s = 1 - t;
      value = {s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
               (3 * s * s * s - 6 * s * s + 4) / 6, t * t * t / 6};
    }
    size_t first;
    std::array<double, 4> value;
  };

  Grid dx_;
  Grid dy_;
};

// A random stretch, slant and rotation.
class AffineMap {
 public:
  explicit AffineMap(RandomSequence& random) {
    const double stretch = RandomScale(random, 0.28);
    const double slant = 0.18 + 0.28 * Normal(random);
    // (1 - h^2) / (1 + h^2) and 2h / (1 + h^2) are the cosine and sine of an angle of about 2h.
    const double h = 0.05 * Normal(random);
    const double cosine = (1 - h * h) / (1 + h * h);
    const double sine = 2 * h / (1 + h * h);
    xx_ = cosine * stretch;
    xy_ = -cosine * slant - sine;
    yx_ = sine * stretch;
    yy_ = -sine * slant + cosine;
  }

  void Apply(PathPoint& point) const {
    const double x = point.x;
    point.x = xx_ * x + xy_ * point.y;
    point.y = yx_ * x + yy_ * point.y;
  }

 private:
  double xx_;
  double xy_;
  double yx_;
  double yy_;
};

}  // namespace

std::vector<PenPath> WriteDigit(int digit, RandomSequence& random) {
  const double untidiness = Uniform(random, 0.4, 2.2);
  Pose pose = BlendPoses(DrawFamily(digit, random), random);
  JitterPoints(untidiness, random, pose);
  const int haste = static_cast<int>(random.NextBelow(12));
  const ElasticField field(Uniform(random, 3, 15), random);
  const AffineMap affine(random);
  const double pressure_spread = Uniform(random, 0, 0.2);
  std::vector<PenPath> paths;
  for (PenStroke& stroke : pose) {
    AddTicks(random, stroke);
    PenPath path = TraceStroke(stroke);
    RoundCorners(haste, path);
    VaryPressure(pressure_spread, random, path);
    for (PathPoint& point : path) {
      field.Displace(point);
      affine.Apply(point);
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace convoy::data
