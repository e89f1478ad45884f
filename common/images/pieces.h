// The connected pieces of ink in a picture.
#pragma once

#include <cstdint>
#include <vector>

#include "common/images/ground.h"

namespace convoy::images {

struct Piece {
  Box box;
  int64_t pixels = 0;
  int64_t outline = 0;  // sides of its pixels that face others
  int64_t sharp = 0;    // of these, the ones with ground before them
  double ink = 0;       // the mean difference from the ground, as a share of it
  bool touches_edge = false;
};

// Pixels with more ink than a threshold, connected by eight neighbours.
class Pieces {
 public:
  Pieces(const Plane& mask_of, const Flattened& flat, float threshold);

  const std::vector<Piece>& all() const { return pieces_; }
  // Of the picture.
  int width() const { return width_; }
  int height() const { return height_; }

  // Returns the number of a pixel's piece, or kNone.
  static constexpr int kNone = -1;
  int LabelAt(int x, int y) const {
    return x < 0 || y < 0 || x >= width_ || y >= height_ ? kNone : labels_[IndexOf(x, y)];
  }

  // Returns 1 where a piece is one of those marked, 0 elsewhere.
  Plane Mask(const std::vector<uint8_t>& marked) const;

 private:
  size_t IndexOf(int x, int y) const { return static_cast<size_t>(y) * width_ + x; }
  void Flood(int x, int y);
  void Measure(const Flattened& flat);
  bool IsSharp(const Flattened& flat, int x, int y, int dx, int dy, double like_ground) const;

  int width_;
  int height_;
  std::vector<int> labels_;  // kFree before they are known
  std::vector<Piece> pieces_;
};

}  // namespace convoy::images
