// Lines are found by a Hough transform: every pixel on an edge votes for the lines through it that
// have about the direction of that edge, the line with most votes is taken, its voters leave, and
// so on. Then the direction is the sheet's that most lines agree on, up to right angles. Source:
// Duda, Hart, "Use of the Hough Transformation to Detect Lines and Curves in Pictures",
// Communications of the ACM 15 (1972).
#include "common/images/tilt.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "common/images/ground.h"
#include "common/images/strokes.h"

namespace convoy::images {
namespace {

constexpr double kPi = 3.14159265358979323846;
// Smaller pictures show no sheet around the digit.
constexpr int kSmallestSide = 64;
// What is added to brightness before it divides: black has noise, too.
constexpr float kAboveBlack = 32;
// The least change from a pixel to the next that is an edge, as a share of the brightness.
constexpr float kLeastEdge = 0.04f;
// How near to the digit edges are its own, over the picture's larger side.
constexpr double kNearDigit = 0.015;
// The shortest line that counts, over the picture's larger side.
constexpr double kShortest = 0.2;
constexpr int kMostLines = 16;
// Directions of lines: two a degree, over 180 degrees.
constexpr int kDirectionsADegree = 2;
constexpr int kDirections = 180 * kDirectionsADegree;
// How far the direction at a pixel may be from that of its line: pixels are coarse.
constexpr int kUncertain = 10 * kDirectionsADegree;
// How much lines of one sheet may differ: it is seen in perspective. In degrees.
constexpr double kAgree = 2.5;
// How far a line's pixels may be from it.
constexpr int kReach = 1;
// Lines nearer than this, over the picture's larger side, are one: the two sides of a stroke.
constexpr double kApart = 0.04;

struct Edge {
  int x = 0;
  int y = 0;
  int direction = 0;  // of the steepest change, 0 to kDirections
};

struct Line {
  int direction = 0;  // of its normal
  int place = 0;      // along the normal
  int length = 0;     // in pixels
};

// The change of brightness at each pixel, as shares of it.
struct Gradient {
  Plane x;
  Plane y;

  float Squared(int px, int py) const {
    return x.at(px, py) * x.at(px, py) + y.at(px, py) * y.at(px, py);
  }
};

Gradient GradientOf(const Plane& picture) {
  const Plane calm = Smooth(picture);
  const std::vector<float> none(calm.values.size());
  Gradient gradient{{calm.width, calm.height, none}, {calm.width, calm.height, none}};
  for (int y = 1; y + 1 < calm.height; ++y) {
    for (int x = 1; x + 1 < calm.width; ++x) {
      const float half = 0.5f / (calm.at(x, y) + kAboveBlack);
      gradient.x.at(x, y) = half * (calm.at(x + 1, y) - calm.at(x - 1, y));
      gradient.y.at(x, y) = half * (calm.at(x, y + 1) - calm.at(x, y - 1));
    }
  }
  return gradient;
}

// Whether no neighbour across the edge changes more.
bool IsRidge(const Gradient& gradient, int x, int y) {
  const float gx = gradient.x.at(x, y);
  const float gy = gradient.y.at(x, y);
  constexpr float kDiagonal = 0.4142f;  // the tangent of 22.5 degrees
  const bool steep = std::abs(gx) < kDiagonal * std::abs(gy);
  const bool flat = std::abs(gy) < kDiagonal * std::abs(gx);
  const int dx = steep ? 0 : 1;
  const int dy = flat ? 0 : gx * gy < 0 && !steep ? -1 : 1;
  const float here = gradient.Squared(x, y);
  return here >= gradient.Squared(x + dx, y + dy) && here > gradient.Squared(x - dx, y - dy);
}

// Whether what is at the edge can be seen from a place, past edges of no half its strength.
bool IsSeenFrom(double from_x, double from_y, const Edge& edge, const Plane& strength) {
  constexpr int kItself = 8;  // pixels along which the edge is not in its own way
  const double dx = from_x - edge.x;
  const double dy = from_y - edge.y;
  const double distance = std::hypot(dx, dy);
  const float most = 0.25f * strength.at(edge.x, edge.y);  // of squares
  for (int at = kItself; at < distance; ++at) {
    const auto x = static_cast<int>(std::lround(edge.x + dx * at / distance));
    const auto y = static_cast<int>(std::lround(edge.y + dy * at / distance));
    if (strength.at(x, y) > most) return false;
  }
  return true;
}

// Returns the edges that are seen from the digit.
std::vector<Edge> SeenFrom(const Plane& digit, const std::vector<Edge>& edges,
                           const Plane& strength) {
  const Box box = BoxOfInk(digit);
  const double x = box.x + 0.5 * box.width;
  const double y = box.y + 0.5 * box.height;
  const Plane wider = Largest(strength, 1);  // no sight passes between two pixels
  std::vector<Edge> seen;
  std::copy_if(edges.begin(), edges.end(), std::back_inserter(seen),
               [&](const Edge& edge) { return IsSeenFrom(x, y, edge, wider); });
  return seen;
}

// Returns the edges of the picture, without the digit's and those beside it if these are known, and
// sets `strength`, zeros, where they are.
std::vector<Edge> EdgesOutside(const Plane* digit, const Plane& picture, const Plane* beside,
                               Plane* strength) {
  const int larger = std::max(picture.width, picture.height);
  const int near = std::max(2, static_cast<int>(std::lround(kNearDigit * larger)));
  Plane taken;
  if (digit != nullptr) taken = Largest(*digit, near);
  Plane smeared;
  if (beside != nullptr) smeared = Largest(*beside, 2);
  const Gradient gradient = GradientOf(picture);
  std::vector<Edge> edges;
  for (int y = 1; y + 1 < picture.height; ++y) {
    for (int x = 1; x + 1 < picture.width; ++x) {
      const float squared = gradient.Squared(x, y);
      if (squared < kLeastEdge * kLeastEdge) continue;
      if (digit != nullptr && taken.at(x, y) > 0) continue;
      if (beside != nullptr && smeared.at(x, y) > 0) continue;
      if (!IsRidge(gradient, x, y)) continue;
      const double angle = std::atan2(gradient.y.at(x, y), gradient.x.at(x, y));
      const auto direction = static_cast<int>(std::lround(angle / kPi * kDirections));
      edges.push_back({x, y, (direction + kDirections) % kDirections});
      strength->at(x, y) = squared;
    }
  }
  return edges;
}

// The votes for all lines of a picture.
class Votes {
 public:
  Votes(int width, int height)
      : middle_(static_cast<int>(std::ceil(std::hypot(width, height))) + kReach),
        places_(2 * middle_ + 1),
        count_(static_cast<size_t>(kDirections) * static_cast<size_t>(places_)) {
    for (int i = 0; i < kDirections; ++i) {
      axes_.emplace_back(std::cos(kPi * i / kDirections), std::sin(kPi * i / kDirections));
    }
  }

  // Casts the votes of an edge, also for the lines beside those through it, or takes them back.
  void Cast(const Edge& edge, int vote) {
    for (int i = edge.direction - kUncertain; i <= edge.direction + kUncertain; ++i) {
      const int direction = (i + kDirections) % kDirections;
      const size_t first = Index(direction, PlaceOf(edge, direction) - kReach);
      for (size_t place = first; place <= first + 2 * kReach; ++place) count_[place] += vote;
    }
  }

  Line Longest() const {
    Line longest;
    for (int direction = 0; direction < kDirections; ++direction) {
      const int* const row = count_.data() + Index(direction, 0);
      int length = 0;
      for (int place = 0; place < places_; ++place) length = std::max(length, row[place]);
      if (length <= longest.length) continue;
      const int* const place = std::find(row, row + places_, length);
      longest = {direction, static_cast<int>(place - row), length};
    }
    return longest;
  }

  // Whether the edge may be one of the line's, or of a line beside it.
  bool IsOn(const Edge& edge, const Line& line, int apart) const {
    const int turned = std::abs(edge.direction - line.direction);
    return std::min(turned, kDirections - turned) <= kUncertain &&
           std::abs(PlaceOf(edge, line.direction) - line.place) <= apart;
  }

 private:
  int PlaceOf(const Edge& edge, int direction) const {
    const auto& [x, y] = axes_[static_cast<size_t>(direction)];
    return middle_ + static_cast<int>(std::lround(edge.x * x + edge.y * y));
  }
  size_t Index(int direction, int place) const {
    return static_cast<size_t>(direction) * static_cast<size_t>(places_) +
           static_cast<size_t>(place);
  }

  int middle_;
  int places_;
  std::vector<int> count_;  // [kDirections, places]
  std::vector<std::pair<double, double>> axes_;
};

std::vector<Line> LongLines(std::vector<Edge> edges, int width, int height) {
  const double shortest = kShortest * std::max(width, height);
  const int apart = static_cast<int>(std::lround(kApart * std::max(width, height)));
  std::vector<Line> lines;
  if (static_cast<double>(edges.size()) < 2 * shortest) return lines;
  Votes votes(width, height);
  for (const Edge& edge : edges) votes.Cast(edge, 1);
  while (lines.size() < kMostLines) {
    const Line line = votes.Longest();
    if (line.length < shortest) break;
    lines.push_back(line);
    std::erase_if(edges, [&](const Edge& edge) {
      const bool on = votes.IsOn(edge, line, apart);
      if (on) votes.Cast(edge, -1);
      return on;
    });
  }
  return lines;
}

// A turn clockwise, as rows go downwards.
class Turn {
 public:
  explicit Turn(double degrees)
      : cosine_(std::cos(degrees * kPi / 180)), sine_(std::sin(degrees * kPi / 180)) {}

  std::pair<double, double> Of(double x, double y) const {
    return {cosine_ * x - sine_ * y, sine_ * x + cosine_ * y};
  }
  // How much room sides need along the direction of the first.
  int SideOf(int along, int across) const {
    return static_cast<int>(std::ceil(std::abs(cosine_) * along + std::abs(sine_) * across - 1e-6));
  }

 private:
  double cosine_;
  double sine_;
};

// The value at a place, where pixel i covers i to i + 1; beside the plane that of its edge.
float ValueAt(const Plane& src, double x, double y) {
  x = std::clamp(x - 0.5, 0.0, src.width - 1.0);
  y = std::clamp(y - 0.5, 0.0, src.height - 1.0);
  const int left = static_cast<int>(x);
  const int top = static_cast<int>(y);
  const int right = std::min(left + 1, src.width - 1);
  const int low = std::min(top + 1, src.height - 1);
  const auto u = static_cast<float>(x - left);
  const auto v = static_cast<float>(y - top);
  return (1 - v) * ((1 - u) * src.at(left, top) + u * src.at(right, top)) +
         v * ((1 - u) * src.at(left, low) + u * src.at(right, low));
}

// Returns a plane that holds all of the turned `src`, of the values at the places in `src`.
template <typename Value>
Plane TurnedBy(const Plane& src, double degrees, const Value& value) {
  const Turn back(-degrees);
  Plane dst{back.SideOf(src.width, src.height), back.SideOf(src.height, src.width), {}};
  dst.values.reserve(static_cast<size_t>(dst.width) * static_cast<size_t>(dst.height));
  for (int y = 0; y < dst.height; ++y) {
    for (int x = 0; x < dst.width; ++x) {
      const auto [dx, dy] = back.Of(x + 0.5 - 0.5 * dst.width, y + 0.5 - 0.5 * dst.height);
      dst.values.push_back(value(dx + 0.5 * src.width, dy + 0.5 * src.height));
    }
  }
  return dst;
}

// By how many degrees a line is turned from another, up to right angles: -45 to 45.
double Between(const Line& line, double degrees) {
  const double turned = static_cast<double>(line.direction) / kDirectionsADegree - degrees;
  return turned - 90 * std::round(turned / 90);
}

// Returns the direction that most of the lines' length agrees on, if two lines do.
std::optional<double> Agreement(const std::vector<Line>& lines) {
  double best = 0;
  std::optional<double> agreed;
  for (const Line& line : lines) {
    const double direction = Between(line, 0);
    int agreeing = 0;
    double length = 0;
    double turned = 0;
    for (const Line& other : lines) {
      const double apart = Between(other, direction);
      if (std::abs(apart) > kAgree) continue;
      ++agreeing;
      length += other.length;
      turned += other.length * apart;
    }
    if (agreeing < 2 || length <= best) continue;
    best = length;
    agreed = direction + turned / length;
  }
  return agreed;
}

}  // namespace

std::optional<double> TiltOfSheet(const Plane& picture, const Plane* digit, const Plane* beside) {
  const int width = picture.width;
  const int height = picture.height;
  if (std::min(width, height) < kSmallestSide) return std::nullopt;
  Plane strength{width, height, std::vector<float>(picture.values.size())};
  const std::vector<Edge> edges = EdgesOutside(digit, picture, beside, &strength);
  // The desk beyond the sheet may have lines of its own.
  std::optional<double> tilt;
  if (digit != nullptr)
    tilt = Agreement(LongLines(SeenFrom(*digit, edges, strength), width, height));
  if (!tilt.has_value()) tilt = Agreement(LongLines(edges, width, height));
  return tilt;
}

double RunAlongLine(const Plane& picture, const Plane& digit, const Plane* beside) {
  const int width = picture.width;
  const int height = picture.height;
  if (std::min(width, height) < kSmallestSide) return 0;
  Plane strength{width, height, std::vector<float>(picture.values.size())};
  const std::vector<Line> lines =
      LongLines(EdgesOutside(&digit, picture, beside, &strength), width, height);
  std::vector<Edge> outline = EdgesOutside(nullptr, picture, beside, &strength);
  const Plane near = Largest(digit, 1);
  const Plane inner = Smallest(digit, 2);
  // What crosses the digit, as the edge of a shadow does, is none of its outline.
  std::erase_if(outline, [&](const Edge& edge) {
    return near.at(edge.x, edge.y) <= kInk || inner.at(edge.x, edge.y) > kInk;
  });
  const Votes votes(width, height);
  int64_t longest = 0;
  for (const Line& line : lines) {
    const auto run = std::count_if(outline.begin(), outline.end(), [&](const Edge& edge) {
      return votes.IsOn(edge, line, kReach + 1);
    });
    longest = std::max<int64_t>(longest, run);
  }
  const Box box = BoxOfInk(digit);
  return static_cast<double>(longest) / std::max(box.width, box.height);
}

Plane Turned(const Plane& src, double degrees) {
  return TurnedBy(src, degrees, [&](double x, double y) { return ValueAt(src, x, y); });
}

Plane BesideTurned(const Plane& src, double degrees) {
  return TurnedBy(src, degrees, [&](double x, double y) {
    return x < 0 || y < 0 || x > src.width || y > src.height ? 1.0f : 0.0f;
  });
}

Box BeforeTurning(const Box& box, double degrees, const Plane& turned, const Plane& src) {
  if (degrees == 0) return box;
  const Turn back(-degrees);
  std::vector<double> xs;
  std::vector<double> ys;
  for (const int x : {box.x, box.x + box.width}) {
    for (const int y : {box.y, box.y + box.height}) {
      const auto [dx, dy] = back.Of(x - 0.5 * turned.width, y - 0.5 * turned.height);
      xs.push_back(std::clamp(dx + 0.5 * src.width, 0.0, static_cast<double>(src.width)));
      ys.push_back(std::clamp(dy + 0.5 * src.height, 0.0, static_cast<double>(src.height)));
    }
  }
  const auto [left, right] = std::minmax_element(xs.begin(), xs.end());
  const auto [top, bottom] = std::minmax_element(ys.begin(), ys.end());
  Box before{.x = static_cast<int>(*left), .y = static_cast<int>(*top)};
  before.width = static_cast<int>(std::ceil(*right)) - before.x;
  before.height = static_cast<int>(std::ceil(*bottom)) - before.y;
  return before;
}

}  // namespace convoy::images
