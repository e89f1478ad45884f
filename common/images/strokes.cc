// Width and length of strokes follow from their area and their outline: a stroke is a long bar, so
// its length is half its outline, and its width the area over that. The outline of pixels is a
// staircase, longer than the line that it steps along by 4 / pi over all directions. The limits are
// beyond nearly all of MNIST's digits.
#include "common/images/strokes.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/base/text_error.h"

namespace convoy::images {
namespace {

constexpr double kOfSteps = 0.7853981633974483;  // pi / 4
// Of MNIST's digits: the strokes' width over the larger side of the box, 0.12 in the middle, 0.31
// in the boldest.
constexpr double kBoldest = 0.36;
// Where they are thickest: the side of a square within them over that of the box, 0.18 in the
// middle, 0.29 of a thick pen's.
constexpr double kThickest = 0.42;
// The strokes' length over that side: 2 in the middle, 3.5 in the longest.
constexpr double kLongest = 5;
// The box's width over its height: 0.7 in the middle, 1.45 of all but one in 200.
constexpr double kWidest = 1.6;

struct Extent {
  int64_t area = 0;
  double outline = 0;
};

Extent Measure(const Plane& strength) {
  const auto is_ink = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < strength.width && y < strength.height &&
           strength.at(x, y) > kInk;
  };
  int64_t area = 0;
  int64_t steps = 0;
  for (int y = 0; y < strength.height; ++y) {
    for (int x = 0; x < strength.width; ++x) {
      if (!is_ink(x, y)) continue;
      ++area;
      steps += !is_ink(x - 1, y) + !is_ink(x + 1, y) + !is_ink(x, y - 1) + !is_ink(x, y + 1);
    }
  }
  CONVOY_CHECK_GT(steps, 0);
  return {.area = area, .outline = kOfSteps * static_cast<double>(steps)};
}

}  // namespace

Box BoxOfInk(const Plane& strength) {
  int left = strength.width;
  int right = -1;
  int top = strength.height;
  int bottom = -1;
  for (int y = 0; y < strength.height; ++y) {
    for (int x = 0; x < strength.width; ++x) {
      if (strength.at(x, y) <= kInk) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  CONVOY_CHECK(right >= 0);
  return {.x = left, .y = top, .width = right - left + 1, .height = bottom - top + 1};
}

double StrokeWidth(const Plane& strength) {
  const Extent extent = Measure(strength);
  return 2.0 * static_cast<double>(extent.area) / extent.outline;
}

double Thickness(const Plane& strength) {
  const Box box = BoxOfInk(strength);
  // The largest square with its lower right corner here: by those of the three pixels before.
  std::vector<int> above(static_cast<size_t>(box.width) + 1);
  std::vector<int> row(above.size());
  int largest = 0;
  for (int y = 0; y < box.height; ++y) {
    for (size_t x = 1; x < row.size(); ++x) {
      const bool ink = strength.at(box.x + static_cast<int>(x) - 1, box.y + y) > kInk;
      row[x] = ink ? 1 + std::min({row[x - 1], above[x], above[x - 1]}) : 0;
      largest = std::max(largest, row[x]);
    }
    std::swap(row, above);
  }
  return static_cast<double>(largest) / std::max(box.width, box.height);
}

absl::Status CheckIsStrokesOfADigit(const Plane& strength) {
  constexpr auto kRefused = absl::StatusCode::kInvalidArgument;
  const Box box = BoxOfInk(strength);
  const double larger = std::max(box.width, box.height);
  const Extent extent = Measure(strength);
  if (extent.outline > 2 * kLongest * larger) {
    return TextError(kRefused,
                     "shows more strokes than a digit has; cut the picture to the digit and the "
                     "paper around it");
  }
  if (2.0 * static_cast<double>(extent.area) / extent.outline > kBoldest * larger ||
      Thickness(strength) > kThickest) {
    return TextError(kRefused,
                     "shows a filled area where strokes are expected; cut the picture to the digit "
                     "and the paper around it");
  }
  if (box.width > kWidest * box.height) {
    return TextError(kRefused,
                     "shows something wider than a digit; cut the picture to the digit and the "
                     "paper around it");
  }
  return absl::OkStatus();
}

}  // namespace convoy::images
