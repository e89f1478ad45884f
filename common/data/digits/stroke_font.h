// How people write the ten digits: for each digit several families of pen paths (a 7 with and
// without a bar, a 4 open and closed), and for each family several poses of the same path.
#pragma once

#include <string_view>
#include <vector>

namespace convoy::data {

// A point that the pen passes, in a frame where a digit is about 100 high, y downwards.
struct ControlPoint {
  double x = 0;
  double y = 0;
  bool corner = false;  // the pen turns sharply here; elsewhere the path is smooth
};

using PenStroke = std::vector<ControlPoint>;  // from pen down to pen up; at least two points
using Pose = std::vector<PenStroke>;

// Poses of one way to write a digit. All have the same strokes, with the same number of points and
// the same corners, so that a blend of two poses is a digit as well.
struct PoseFamily {
  int weight = 0;  // how common it is, in parts of the sum over the digit's families
  std::vector<Pose> poses;
};

// Reads a pose as stroke_font.cc writes it: "x,y" points separated by spaces, whole numbers, "!"
// after a corner,
// "|" between strokes. CHECKs that it is well formed.
Pose ParsePose(std::string_view text);

// Returns the families of `digit`, read once, never freed. Thread-safe.
// REQUIRES: 0 <= digit <= 9.
const std::vector<PoseFamily>& DigitFamilies(int digit);

}  // namespace convoy::data
