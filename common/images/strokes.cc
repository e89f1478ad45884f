// Works on the ink as connected components (flood fill, eight neighbours): a speck is a component
// that is small beside the largest one, a rim one that touches the edge. Stroke width is twice the
// area over the perimeter, with the perimeter of the pixels' staircase corrected by pi/4; widening
// is a grey dilation with a square, an axis at a time.
#include "common/images/strokes.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/base/check.h"

namespace convoy::images {
namespace {

// A piece smaller than this share of the largest is a speck.
constexpr double kSpeckShare = 1.0 / 25;
// A piece that touches the edge is dropped if one that does not is at least this share of it.
constexpr double kInnerShare = 0.1;

struct Piece {
  int64_t pixels = 0;
  bool touches_edge = false;
};

// The connected pieces of ink, by eight neighbours.
class Pieces {
 public:
  explicit Pieces(const Plane& strength)
      : strength_(strength), labels_(strength.values.size(), kNone) {
    for (int y = 0; y < strength.height; ++y) {
      for (int x = 0; x < strength.width; ++x) {
        if (IsFree(x, y)) Flood(x, y);
      }
    }
  }

  const std::vector<Piece>& pieces() const { return pieces_; }

  // Returns the number of a pixel's piece, kNone if it has no ink.
  static constexpr int kNone = -1;
  int LabelAt(int x, int y) const {
    if (x < 0 || y < 0 || x >= strength_.width || y >= strength_.height) return kNone;
    return labels_[IndexOf(x, y)];
  }

 private:
  size_t IndexOf(int x, int y) const { return static_cast<size_t>(y) * strength_.width + x; }

  bool IsFree(int x, int y) const {
    return x >= 0 && y >= 0 && x < strength_.width && y < strength_.height &&
           labels_[IndexOf(x, y)] == kNone && strength_.at(x, y) > kInk;
  }

  void Take(int x, int y) {
    labels_[IndexOf(x, y)] = static_cast<int>(pieces_.size());
    waiting_.push_back({x, y});
  }

  void Flood(int x, int y) {
    Piece piece;
    Take(x, y);
    while (!waiting_.empty()) {
      const Pixel pixel = waiting_.back();
      waiting_.pop_back();
      ++piece.pixels;
      piece.touches_edge |= pixel.x == 0 || pixel.y == 0 || pixel.x == strength_.width - 1 ||
                            pixel.y == strength_.height - 1;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (IsFree(pixel.x + dx, pixel.y + dy)) Take(pixel.x + dx, pixel.y + dy);
        }
      }
    }
    pieces_.push_back(piece);
  }

  struct Pixel {
    int x;
    int y;
  };

  const Plane& strength_;
  std::vector<int> labels_;
  std::vector<Piece> pieces_;
  std::vector<Pixel> waiting_;
};

// Returns which pieces belong to the digit.
std::vector<uint8_t> ChoosePieces(const std::vector<Piece>& pieces) {
  int64_t largest = 0;
  int64_t largest_inner = 0;
  for (const Piece& piece : pieces) {
    largest = std::max(largest, piece.pixels);
    if (!piece.touches_edge) largest_inner = std::max(largest_inner, piece.pixels);
  }
  const bool inner_only =
      static_cast<double>(largest_inner) >= kInnerShare * static_cast<double>(largest);
  const auto reference = static_cast<double>(inner_only ? largest_inner : largest);
  std::vector<uint8_t> chosen;
  for (const Piece& piece : pieces) {
    const bool speck = static_cast<double>(piece.pixels) < kSpeckShare * reference;
    chosen.push_back(!speck && !(inner_only && piece.touches_edge));
  }
  return chosen;
}

// The largest value within `radius` along one axis; `step` is its distance in memory.
void SpreadAxis(const std::vector<float>& src, int size, size_t step, int radius, size_t first,
                std::vector<float>* dst) {
  for (int i = 0; i < size; ++i) {
    float largest = 0;
    for (int j = std::max(0, i - radius); j <= std::min(size - 1, i + radius); ++j) {
      largest = std::max(largest, src[first + static_cast<size_t>(j) * step]);
    }
    (*dst)[first + static_cast<size_t>(i) * step] = largest;
  }
}

}  // namespace

void KeepDigit(Plane* strength) {
  const Pieces pieces(*strength);
  const std::vector<uint8_t> chosen = ChoosePieces(pieces.pieces());
  // Weak ink belongs to the piece that it fringes.
  const auto belongs = [&](int x, int y) {
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const int label = pieces.LabelAt(x + dx, y + dy);
        if (label != Pieces::kNone && chosen[static_cast<size_t>(label)] != 0) return true;
      }
    }
    return false;
  };
  for (int y = 0; y < strength->height; ++y) {
    for (int x = 0; x < strength->width; ++x) {
      float& value = strength->at(x, y);
      if (value > 0 && !belongs(x, y)) value = 0;
    }
  }
}

int CountPieces(const Plane& strength) {
  return static_cast<int>(Pieces(strength).pieces().size());
}

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
  const auto is_ink = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < strength.width && y < strength.height &&
           strength.at(x, y) > kInk;
  };
  int64_t area = 0;
  int64_t outline = 0;
  for (int y = 0; y < strength.height; ++y) {
    for (int x = 0; x < strength.width; ++x) {
      if (!is_ink(x, y)) continue;
      ++area;
      outline += !is_ink(x - 1, y) + !is_ink(x + 1, y) + !is_ink(x, y - 1) + !is_ink(x, y + 1);
    }
  }
  CONVOY_CHECK_GT(outline, 0);
  // Sides of pixels are longer than the outline that they step along: by 4 / pi over all
  // directions.
  return 2.0 * static_cast<double>(area) / (static_cast<double>(outline) * 0.7853981633974483);
}

Plane Thicken(const Plane& strength, int radius) {
  std::vector<float> across(strength.values.size());
  Plane dst = strength;
  const auto width = static_cast<size_t>(strength.width);
  for (int y = 0; y < strength.height; ++y) {
    SpreadAxis(strength.values, strength.width, 1, radius, static_cast<size_t>(y) * width, &across);
  }
  for (size_t x = 0; x < width; ++x) {
    SpreadAxis(across, strength.height, width, radius, x, &dst.values);
  }
  return dst;
}

}  // namespace convoy::images
