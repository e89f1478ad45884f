#include "common/images/pieces.h"

#include <algorithm>
#include <utility>

namespace convoy::images {
namespace {

constexpr int kFree = -2;

}  // namespace

Pieces::Pieces(const Plane& mask_of, const Flattened& flat, float threshold)
    : width_(mask_of.width), height_(mask_of.height) {
  labels_.reserve(mask_of.values.size());
  for (const float value : mask_of.values) labels_.push_back(value > threshold ? kFree : kNone);
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      if (LabelAt(x, y) == kFree) Flood(x, y);
    }
  }
  Measure(flat);
}

void Pieces::Flood(int x, int y) {
  const auto label = static_cast<int>(pieces_.size());
  std::vector<std::pair<int, int>> waiting = {{x, y}};
  labels_[IndexOf(x, y)] = label;
  Piece piece;
  int right = x;
  int bottom = y;
  piece.box = {.x = x, .y = y};
  while (!waiting.empty()) {
    const auto [px, py] = waiting.back();
    waiting.pop_back();
    ++piece.pixels;
    piece.box.x = std::min(piece.box.x, px);
    piece.box.y = std::min(piece.box.y, py);
    right = std::max(right, px);
    bottom = std::max(bottom, py);
    for (int i = 0; i < 9; ++i) {
      const int nx = px + i % 3 - 1;
      const int ny = py + i / 3 - 1;
      if (LabelAt(nx, ny) != kFree) continue;
      labels_[IndexOf(nx, ny)] = label;
      waiting.emplace_back(nx, ny);
    }
  }
  piece.box.width = right - piece.box.x + 1;
  piece.box.height = bottom - piece.box.y + 1;
  piece.touches_edge =
      piece.box.x == 0 || piece.box.y == 0 || right == width_ - 1 || bottom == height_ - 1;
  pieces_.push_back(piece);
}

void Pieces::Measure(const Flattened& flat) {
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const int label = LabelAt(x, y);
      if (label != kNone) pieces_[static_cast<size_t>(label)].ink += flat.ink.at(x, y);
    }
  }
  for (Piece& piece : pieces_) piece.ink /= static_cast<double>(piece.pixels);
  constexpr double kLikeGround = 0.5;  // of the piece's ink
  constexpr std::pair<int, int> kSides[] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const int label = LabelAt(x, y);
      if (label == kNone) continue;
      Piece& piece = pieces_[static_cast<size_t>(label)];
      for (const auto& [dx, dy] : kSides) {
        if (LabelAt(x + dx, y + dy) != kNone) continue;
        ++piece.outline;
        piece.sharp += IsSharp(flat, x, y, dx, dy, kLikeGround * piece.ink);
      }
    }
  }
}

// Whether the ground of (x, y) is seen a few pixels on in this direction. At the edge of a sheet on
// a desk it is on one side only: on the other the sheet goes on.
bool Pieces::IsSharp(const Flattened& flat, int x, int y, int dx, int dy,
                     double like_ground) const {
  for (int i = 1; i <= flat.blur; ++i) {
    const int other_x = x + i * dx;
    const int other_y = y + i * dy;
    if (other_x < 0 || other_y < 0 || other_x >= width_ || other_y >= height_) return true;
    if (flat.InkThere(x, y, other_x, other_y) < like_ground) return true;
  }
  return false;
}

Plane Pieces::Mask(const std::vector<uint8_t>& marked) const {
  Plane mask{width_, height_, std::vector<float>(labels_.size())};
  for (size_t i = 0; i < labels_.size(); ++i) {
    mask.values[i] =
        labels_[i] != kNone && marked[static_cast<size_t>(labels_[i])] != 0 ? 1.0f : 0.0f;
  }
  return mask;
}

}  // namespace convoy::images
