// A hand that writes a digit: blends two poses of the stroke font, moves their points, runs smooth
// curves through them (Catmull-Rom splines, with corners kept or rounded), and bends, slants and
// turns the whole. Only operations that IEEE 754 defines exactly are used: the digits are a data
// set, and its SHA-256 is promised.
#include "common/data/digits/handwriting.h"

#include <cmath>
#include <utility>

#include "common/base/exact_random.h"
#include "common/data/digits/distortion.h"
#include "common/data/digits/stroke_font.h"

namespace convoy::data {
namespace {

// How far hands differ, in units of the font's frame (100 high). Chosen by what the notebook's
// network, trained on generated digits alone, makes of MNIST (docs/generated_digits.md).
constexpr double kMinUntidiness = 0.5;  // multiplies the three deviations below
constexpr double kMaxUntidiness = 2.6;
constexpr double kStrokeDeviation = 2.0;    // of a whole stroke, where there are several
constexpr double kEndDeviation = 4.0;       // of the first and the last point of a stroke
constexpr double kPointDeviation = 2.4;     // of the others
constexpr double kMaxExtrapolation = 0.15;  // of a blend, beyond its first pose
constexpr double kTickShare = 0.12;         // of the ends of strokes have a tick
constexpr double kTickWidth = 7;            // deviation
constexpr double kTickHeight = 5;           // deviation
constexpr int kMaxHaste = 11;               // passes of rounding
constexpr double kMinElastic = 5;           // deviation of the elastic field's vectors
constexpr double kMaxElastic = 20;
constexpr double kMaxPressureSpread = 0.2;

constexpr double kPieceLength = 4;  // of the straight pieces of a path: below a pixel

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

// Blends two poses of `family`.
Pose BlendPoses(const PoseFamily& family, RandomSequence& random) {
  Pose pose = family.poses[random.NextBelow(family.poses.size())];
  const Pose& other = family.poses[random.NextBelow(family.poses.size())];
  const double share = Uniform(random, -kMaxExtrapolation, 1);
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
    const double shift = pose.size() > 1 ? kStrokeDeviation * untidiness : 0;
    const double dx = shift * NearlyNormal(random);
    const double dy = shift * NearlyNormal(random);
    for (size_t p = 0; p < stroke.size(); ++p) {
      const bool end = p == 0 || p + 1 == stroke.size();
      const double deviation = untidiness * (end ? kEndDeviation : kPointDeviation);
      stroke[p].x += dx + deviation * NearlyNormal(random);
      stroke[p].y += dy + deviation * NearlyNormal(random);
    }
  }
}

// Lets a stroke begin or end with a small tick in any direction, as a hurried pen does.
void AddTicks(RandomSequence& random, PenStroke& stroke) {
  for (const bool at_end : {false, true}) {
    const bool tick = random.NextFloat() < kTickShare;
    ControlPoint point = at_end ? stroke.back() : stroke.front();
    point.x += kTickWidth * NearlyNormal(random);
    point.y += kTickHeight * NearlyNormal(random);
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

}  // namespace

std::vector<PenPath> WriteDigit(int digit, RandomSequence& random) {
  const double untidiness = Uniform(random, kMinUntidiness, kMaxUntidiness);
  Pose pose = BlendPoses(DrawFamily(digit, random), random);
  JitterPoints(untidiness, random, pose);
  const int haste = static_cast<int>(random.NextBelow(kMaxHaste + 1));
  const ElasticField field(Uniform(random, kMinElastic, kMaxElastic), random);
  const AffineMap affine(random);
  const double pressure_spread = Uniform(random, 0, kMaxPressureSpread);
  std::vector<PenPath> paths;
  for (PenStroke& stroke : pose) {
    AddTicks(random, stroke);
    PenPath path = TraceStroke(stroke);
    RoundCorners(haste, path);
    VaryPressure(pressure_spread, random, path);
    for (PathPoint& point : path) {
      field.Displace(point.x, point.y);
      affine.Apply(point.x, point.y);
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace convoy::data
