// Three ideas about photographs. A digit's strokes are thin beside it, and all of them together are
// not much longer than it is large: the outline tells both. What is thin is what a closing (or
// opening) of the picture by a square wider than any stroke takes away. And a sheet of paper is
// whatever cannot be reached from outside without crossing it.
#include "common/images/plausible.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/images/strokes.h"

namespace convoy::images {
namespace {

// The strokes' width over the larger side of the digit's box, holes counted as ink: 0.12 in the
// middle of MNIST's images, 0.3 in the boldest; a square has 0.6.
constexpr double kBoldest = 0.34;
// A filled area fills so much of its box, and what is drawn on it is not more than the last share.
constexpr double kUpright = 0.8;
constexpr double kAskew = 0.5;
constexpr double kDrawnOn = 0.15;
// The strokes' length over that side: 2 to 4 of digits, more of anything written.
constexpr double kLongest = 7;
constexpr int kMostPieces = 6;
// The ground of even light that what is thin stands on.
constexpr float kEven = 128;
// A stroke is thinner than this share of the picture's larger side.
constexpr double kThin = 0.1;
// What of a sheet at its edge is not looked at, over its larger side.
constexpr double kSheetMargin = 0.03;

// The running extreme of each window of 2 * radius + 1 values along lines, by van Herk's and Gil
// and Werman's idea of keeping only candidates that may still become the extreme.
class Sliding {
 public:
  Sliding(int radius, bool largest) : radius_(radius), largest_(largest) {}

  void Line(const float* src, int size, size_t step, float* dst) {
    candidates_.clear();
    const auto value = [&](int i) { return src[static_cast<size_t>(i) * step]; };
    for (int i = 0; i < size + radius_; ++i) {
      if (i < size) {
        while (!candidates_.empty() && Beats(value(i), value(candidates_.back()))) {
          candidates_.pop_back();
        }
        candidates_.push_back(i);
      }
      const int centre = i - radius_;
      if (centre < 0) continue;
      if (candidates_.front() < centre - radius_) candidates_.pop_front();
      dst[static_cast<size_t>(centre) * step] = value(candidates_.front());
    }
  }

 private:
  bool Beats(float a, float b) const { return largest_ ? a >= b : a <= b; }

  int radius_;
  bool largest_;
  std::deque<int> candidates_;
};

// The largest or smallest value of the square around each pixel.
Plane Extreme(const Plane& src, int radius, bool largest) {
  Sliding sliding(radius, largest);
  Plane rows = src;
  const auto width = static_cast<size_t>(src.width);
  for (int y = 0; y < src.height; ++y) {
    const size_t first = static_cast<size_t>(y) * width;
    sliding.Line(src.values.data() + first, src.width, 1, rows.values.data() + first);
  }
  Plane dst = rows;
  for (size_t x = 0; x < width; ++x) {
    sliding.Line(rows.values.data() + x, src.height, width, dst.values.data() + x);
  }
  return dst;
}

// Marks what can be reached from the plane's edge without crossing the sheet.
std::vector<uint8_t> Outside(const Plane& sheet) {
  std::vector<uint8_t> outside(sheet.values.size());
  std::vector<size_t> waiting;
  const auto take = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= sheet.width || y >= sheet.height || sheet.at(x, y) > kInk) return;
    const size_t index =
        static_cast<size_t>(y) * static_cast<size_t>(sheet.width) + static_cast<size_t>(x);
    if (outside[index] != 0) return;
    outside[index] = 1;
    waiting.push_back(index);
  };
  for (int x = 0; x < sheet.width; ++x) take(x, 0), take(x, sheet.height - 1);
  for (int y = 0; y < sheet.height; ++y) take(0, y), take(sheet.width - 1, y);
  while (!waiting.empty()) {
    const auto x = static_cast<int>(waiting.back() % static_cast<size_t>(sheet.width));
    const auto y = static_cast<int>(waiting.back() / static_cast<size_t>(sheet.width));
    waiting.pop_back();
    take(x - 1, y), take(x + 1, y), take(x, y - 1), take(x, y + 1);
  }
  return outside;
}

// Paints the outside of one row in the colours of what is inside beside it. Returns false if
// nothing is.
bool PaintRow(const uint8_t* outside, int width, float* values) {
  const auto* const begin = outside;
  const auto* const end = outside + width;
  const auto* const first = std::find(begin, end, 0);
  if (first == end) return false;
  float colour = values[first - begin];
  for (int x = 0; x < width; ++x) {
    if (outside[x] == 0) colour = values[x];
    values[x] = colour;
  }
  return true;
}

double LargerSide(const Box& box) { return std::max(box.width, box.height); }

int64_t OutlineOf(const Plane& strength) {
  const auto ink = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < strength.width && y < strength.height &&
           strength.at(x, y) > kInk;
  };
  int64_t outline = 0;
  for (int y = 0; y < strength.height; ++y) {
    for (int x = 0; x < strength.width; ++x) {
      if (!ink(x, y)) continue;
      outline += !ink(x - 1, y) + !ink(x + 1, y) + !ink(x, y - 1) + !ink(x, y + 1);
    }
  }
  return outline;
}

absl::Status Refuse(const char* what) {
  return absl::InvalidArgumentError(
      absl::StrCat("shows ", what, "; cut the picture to the digit and the paper around it"));
}

}  // namespace

bool IsFilledArea(const Plane& strength) {
  const Box box = BoxOfInk(strength);
  constexpr double kAlike = 0.5;  // of the sides: a one may be a bar
  constexpr int kSmallest = 8;
  if (LargerSide(box) < kSmallest || std::min(box.width, box.height) < kAlike * LargerSide(box)) {
    return false;
  }
  const std::vector<uint8_t> outside = Outside(strength);
  Plane filled = strength;
  int64_t inside = 0;
  int64_t ink = 0;
  for (size_t i = 0; i < outside.size(); ++i) {
    filled.values[i] = outside[i] == 0 ? 1.0f : 0.0f;
    inside += outside[i] == 0;
    ink += strength.values[i] > kInk;
  }
  const double area = static_cast<double>(box.width) * box.height;
  if (static_cast<double>(ink) > kUpright * area) return true;
  return static_cast<double>(inside) > kAskew * area &&
         static_cast<double>(ink) > (1 - kDrawnOn) * static_cast<double>(inside) &&
         StrokeWidth(filled) > kBoldest * LargerSide(box);
}

bool ReachesSides(const Plane& strength) {
  constexpr int kShare = 20;
  int along[4] = {};
  for (int x = 0; x < strength.width; ++x) {
    along[0] += strength.at(x, 0) > kInk;
    along[1] += strength.at(x, strength.height - 1) > kInk;
  }
  for (int y = 0; y < strength.height; ++y) {
    along[2] += strength.at(0, y) > kInk;
    along[3] += strength.at(strength.width - 1, y) > kInk;
  }
  int sides = 0;
  for (int i = 0; i < 4; ++i) {
    sides += along[i] * kShare > (i < 2 ? strength.width : strength.height);
  }
  return sides >= 2;
}

bool HasSoftEdge(const Plane& strength) {
  constexpr float kWeak = 0.1f;
  constexpr int64_t kSoft = 8;  // pixels that fade for each of the outline
  const auto fading = std::count_if(strength.values.begin(), strength.values.end(),
                                    [](float value) { return value > kWeak && value < 1 - kWeak; });
  return fading > kSoft * OutlineOf(strength);
}

absl::Status CheckIsDigit(const Plane& strength) {
  const Box box = BoxOfInk(strength);
  if (IsFilledArea(strength)) return Refuse("a filled area where strokes are expected");
  // Half the outline's length, that of the pixels' steps over all directions being 4 / pi longer.
  constexpr double kHalfOfSteps = 0.5 * 0.7853981633974483;
  const double length = kHalfOfSteps * static_cast<double>(OutlineOf(strength));
  if (length > kLongest * LargerSide(box)) return Refuse("more strokes than a digit has");
  if (CountPieces(strength) > kMostPieces) return Refuse("many things where one is expected");
  return absl::OkStatus();
}

Plane ThinParts(const Plane& picture, bool dark) {
  const int larger = std::max(picture.width, picture.height);
  const int radius = std::max(1, static_cast<int>(std::lround(kThin * larger)));
  const Plane ground = Extreme(Extreme(picture, radius, dark), radius, !dark);
  Plane thin = picture;
  for (size_t i = 0; i < thin.values.size(); ++i) {
    thin.values[i] = kEven + picture.values[i] - ground.values[i];
  }
  return thin;
}

Plane OnlyTheSheet(const Plane& picture, const Plane& sheet) {
  const std::vector<uint8_t> reached = Outside(sheet);
  const int larger = std::max(picture.width, picture.height);
  const int margin = std::max(1, static_cast<int>(std::lround(kSheetMargin * larger)));
  Plane wide{sheet.width, sheet.height, {reached.begin(), reached.end()}};
  wide = Extreme(wide, margin, /*largest=*/true);
  const std::vector<uint8_t> outside(wide.values.begin(), wide.values.end());
  Plane painted = picture;
  const auto width = static_cast<size_t>(picture.width);
  std::vector<int> painted_rows;
  for (int y = 0; y < picture.height; ++y) {
    const size_t first = static_cast<size_t>(y) * width;
    if (PaintRow(outside.data() + first, picture.width, painted.values.data() + first)) {
      painted_rows.push_back(y);
    }
  }
  if (painted_rows.empty()) return picture;
  for (int y = 0; y < picture.height; ++y) {
    const int from = std::clamp(y, painted_rows.front(), painted_rows.back());
    const auto row =
        painted.values.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(from) * width);
    std::copy(row, row + picture.width,
              painted.values.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(y) * width));
  }
  return painted;
}

}  // namespace convoy::images
