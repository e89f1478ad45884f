// A digit is one piece or a few near ones with sharp ends, not cut off by the picture's edge.
#include "common/images/candidates.h"

#include <algorithm>
#include <cmath>

#include "common/images/strokes.h"

namespace convoy::images {
namespace {

// How much of an outline is sharp at least: 0.92 and more of photographed digits', less than 0.87
// of most pieces of paper between a digit and the edge of its sheet or of a shadow.
constexpr double kSharp = 0.89;
// A stroke that was interrupted: pieces nearer than this many widths of it are one thing.
constexpr double kNear = 1.5;
// Smaller pieces than this share of the largest are specks.
constexpr double kSpeck = 1.0 / 25;

// Whether a picture is cut to the digit so closely that this piece reaches its edges.
bool FillsPicture(const Piece& piece, const Pieces& pieces) {
  constexpr double kFills = 0.9;
  return piece.box.width >= kFills * pieces.width() && piece.box.height >= kFills * pieces.height();
}

// Whether all of a piece runs along the sides of its box, as the box of a form does.
bool IsFrame(const Pieces& pieces, int label) {
  constexpr double kRim = 0.08;  // of the box's sides: it may lie a little askew
  constexpr double kShare = 0.95;
  const Piece& piece = pieces.all()[static_cast<size_t>(label)];
  const Box& box = piece.box;
  const auto from_side = [](int at, int size) {
    return std::min(at, size - 1 - at) / (kRim * size);
  };
  int64_t along = 0;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      if (pieces.LabelAt(box.x + x, box.y + y) != label) continue;
      along += std::min(from_side(x, box.width), from_side(y, box.height)) < 1;
    }
  }
  return static_cast<double>(along) >= kShare * static_cast<double>(piece.pixels);
}

}  // namespace

double LargerSide(const Box& box) { return std::max(box.width, box.height); }

Box Union(const Box& a, const Box& b) {
  if (a.width == 0) return b;
  Box both{.x = std::min(a.x, b.x), .y = std::min(a.y, b.y)};
  both.width = std::max(a.x + a.width, b.x + b.width) - both.x;
  both.height = std::max(a.y + a.height, b.y + b.height) - both.y;
  return both;
}

bool Contains(const Box& outer, const Box& inner) { return Union(outer, inner) == outer; }

std::vector<uint8_t> Candidates(const Pieces& pieces, const Plane* beside) {
  const bool tiny = std::max(pieces.width(), pieces.height()) < kTiny;
  std::vector<uint8_t> may;
  for (const Piece& piece : pieces.all()) {
    const bool sharp =
        tiny || static_cast<double>(piece.sharp) >= kSharp * static_cast<double>(piece.outline);
    may.push_back(sharp && (!piece.touches_edge || FillsPicture(piece, pieces)));
  }
  for (int y = 0; beside != nullptr && y < beside->height; ++y) {
    for (int x = 0; x < beside->width; ++x) {
      const int label = pieces.LabelAt(x, y);
      if (label != Pieces::kNone && beside->at(x, y) > 0) may[static_cast<size_t>(label)] = 0;
    }
  }
  return may;
}

std::vector<uint8_t> Frames(const Pieces& pieces, const std::vector<uint8_t>& may) {
  constexpr double kFilled = 0.3;  // a frame's larger side, by what is in it, at least
  std::vector<uint8_t> frames(may.size());
  for (size_t i = 0; i < may.size(); ++i) {
    const Piece& outer = pieces.all()[i];
    bool around = false;
    for (size_t j = 0; j < may.size() && may[i] != 0 && !around; ++j) {
      const Piece& inner = pieces.all()[j];
      around = i != j && may[j] != 0 && Contains(outer.box, inner.box) &&
               LargerSide(inner.box) >= kFilled * LargerSide(outer.box);
    }
    frames[i] = around && IsFrame(pieces, static_cast<int>(i));
  }
  return frames;
}

int LargestOf(const std::vector<Piece>& pieces, const std::vector<uint8_t>& marked) {
  int largest = Pieces::kNone;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (marked[i] == 0) continue;
    if (largest == Pieces::kNone ||
        pieces[i].pixels > pieces[static_cast<size_t>(largest)].pixels) {
      largest = static_cast<int>(i);
    }
  }
  return largest;
}

std::vector<uint8_t> Joined(const Pieces& pieces, const std::vector<uint8_t>& may, int main) {
  std::vector<uint8_t> joined(may.size());
  joined[static_cast<size_t>(main)] = 1;
  const double speck = kSpeck * static_cast<double>(pieces.all()[static_cast<size_t>(main)].pixels);
  for (bool more = true; more;) {
    more = false;
    const Plane mask = pieces.Mask(joined);
    const int reach = std::max(1, static_cast<int>(std::lround(kNear * StrokeWidth(mask))));
    const Plane near = Largest(mask, reach);
    for (int y = 0; y < near.height; ++y) {
      for (int x = 0; x < near.width; ++x) {
        const int label = pieces.LabelAt(x, y);
        if (near.at(x, y) == 0 || label == Pieces::kNone) continue;
        const auto i = static_cast<size_t>(label);
        if (joined[i] != 0 || may[i] == 0) continue;
        if (static_cast<double>(pieces.all()[i].pixels) < speck) continue;
        joined[i] = 1;
        more = true;
      }
    }
  }
  return joined;
}

bool IsThingBeside(const Piece& piece, const Piece& main) {
  constexpr double kLength = 0.35;
  constexpr double kPixels = 0.1;
  return LargerSide(piece.box) > kLength * LargerSide(main.box) &&
         static_cast<double>(piece.pixels) > kPixels * static_cast<double>(main.pixels);
}

bool AreTwo(const std::vector<Piece>& pieces, const std::vector<uint8_t>& joined) {
  constexpr double kTall = 0.6;
  Box all;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (joined[i] != 0) all = Union(all, pieces[i].box);
  }
  int tall = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    tall += joined[i] != 0 && pieces[i].box.height > kTall * all.height;
  }
  return tall > 1;
}

}  // namespace convoy::images
