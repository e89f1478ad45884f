// Draws pen paths as grey pixels, as MNIST's makers treated scans: fitted into a box of 20 by 20,
// then moved so that the centre of mass is in the middle of 28 by 28. A pixel's ink is analytic:
// the pen's radius less the distance to the nearest straight piece of a path, clamped to a pixel's
// width. Only operations that IEEE 754 defines exactly are used, so the bytes are the same on every
// CPU.
#include "common/data/digits/pen_raster.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace convoy::data {
namespace {

constexpr int kBox = 20;                             // the side of the box that the ink fits into
constexpr int kBoxMargin = (kDigitSize - kBox) / 2;  // on each side of the centred box
constexpr double kCentre = kDigitSize / 2;           // the row and column of the centre of mass

constexpr double kFaintest = 0.04;  // ink that a scanner sees as none

using Ink = std::array<std::array<double, kBox>, kBox>;  // [row][column], 0 none and 1 full

// Maps paths to the box: pixel (row, column) covers [column, column + 1) x [row, row + 1).
struct Fit {
  double centre_x;  // of the paths' own box
  double centre_y;
  double scale;
};

Fit FitToBox(const std::vector<PenPath>& paths, double radius) {
  double low_x = paths[0][0].x, high_x = low_x, low_y = paths[0][0].y, high_y = low_y;
  for (const PenPath& path : paths) {
    for (const PathPoint& point : path) {
      low_x = std::min(low_x, point.x);
      high_x = std::max(high_x, point.x);
      low_y = std::min(low_y, point.y);
      high_y = std::max(high_y, point.y);
    }
  }
  const double side = std::max({high_x - low_x, high_y - low_y, 1e-6});
  const double scale = (kBox - 2 * radius) / side;
  return {0.5 * (low_x + high_x), 0.5 * (low_y + high_y), scale};
}

// One straight piece of a path in the box, its radius going from r0 to r1.
struct Piece {
  double x0, y0, r0;
  double dx, dy, dr;
  double inverse_square;  // 1 / length^2, or 0 where it has no length
};

Piece MakePiece(const PathPoint& from, const PathPoint& to, const Fit& fit, double radius) {
  Piece piece;
  piece.x0 = kBox / 2.0 + fit.scale * (from.x - fit.centre_x);
  piece.y0 = kBox / 2.0 + fit.scale * (from.y - fit.centre_y);
  piece.r0 = radius * from.pressure;
  piece.dx = fit.scale * (to.x - from.x);
  piece.dy = fit.scale * (to.y - from.y);
  piece.dr = radius * (to.pressure - from.pressure);
  const double square = piece.dx * piece.dx + piece.dy * piece.dy;
  piece.inverse_square = square > 1e-12 ? 1 / square : 0;
  return piece;
}

// Returns how much of a pixel with centre (x, y) the piece covers: the ink falls from 1 to 0 over
// the width of a pixel across the pen's edge.
double Coverage(const Piece& piece, double x, double y) {
  const double px = x - piece.x0;
  const double py = y - piece.y0;
  const double t = std::clamp((px * piece.dx + py * piece.dy) * piece.inverse_square, 0.0, 1.0);
  const double qx = px - t * piece.dx;
  const double qy = py - t * piece.dy;
  const double square = qx * qx + qy * qy;
  const double outer = piece.r0 + t * piece.dr + 0.5;
  if (square >= outer * outer) return 0;
  return std::min(outer - std::sqrt(square), 1.0);
}

int PixelAtMost(double position) { return std::max(static_cast<int>(std::floor(position)), 0); }

void DrawPiece(const Piece& piece, Ink& ink) {
  const double reach = std::max(piece.r0, piece.r0 + piece.dr) + 0.5;
  const int first_row = PixelAtMost(std::min(piece.y0, piece.y0 + piece.dy) - reach);
  const int first_column = PixelAtMost(std::min(piece.x0, piece.x0 + piece.dx) - reach);
  const int end_row =
      std::min(PixelAtMost(std::max(piece.y0, piece.y0 + piece.dy) + reach) + 1, kBox);
  const int end_column =
      std::min(PixelAtMost(std::max(piece.x0, piece.x0 + piece.dx) + reach) + 1, kBox);
  for (int row = first_row; row < end_row; ++row) {
    for (int column = first_column; column < end_column; ++column) {
      double& pixel = ink[static_cast<size_t>(row)][static_cast<size_t>(column)];
      pixel = std::max(pixel, Coverage(piece, column + 0.5, row + 0.5));
    }
  }
}

// Blurs along one axis: every pixel keeps 1 - 2 share and gives `share` to each neighbour.
void BlurRows(double share, Ink& ink) {
  for (auto& row : ink) {
    double before = 0;
    for (size_t column = 0; column < kBox; ++column) {
      const double here = row[column];
      const double after = column + 1 < kBox ? row[column + 1] : 0;
      row[column] = (1 - 2 * share) * here + share * (before + after);
      before = here;
    }
  }
}

Ink Transposed(const Ink& ink) {
  Ink result;
  for (size_t row = 0; row < kBox; ++row) {
    for (size_t column = 0; column < kBox; ++column) result[column][row] = ink[row][column];
  }
  return result;
}

void Blur(double share, Ink& ink) {
  BlurRows(share, ink);
  ink = Transposed(ink);
  BlurRows(share, ink);
  ink = Transposed(ink);
}

using Bytes = std::array<std::array<uint8_t, kBox>, kBox>;

Bytes Round(const Ink& ink, double contrast) {
  Bytes bytes;
  for (size_t row = 0; row < kBox; ++row) {
    for (size_t column = 0; column < kBox; ++column) {
      const double seen = (ink[row][column] - kFaintest) / (1 - kFaintest);
      const double grey = std::clamp(contrast * seen, 0.0, 1.0);
      bytes[row][column] = static_cast<uint8_t>(255 * grey + 0.5);
    }
  }
  return bytes;
}

// Returns the offset that brings `mean`, counted from the box's edge, nearest to the centre and
// leaves the box inside the image.
int OffsetFor(double mean) {
  const int offset = static_cast<int>(std::ceil(kCentre - mean - 0.5));
  return std::clamp(offset, 0, 2 * kBoxMargin);
}

void PlaceByCentreOfMass(const Bytes& box, uint8_t* pixels) {
  int64_t mass = 0, moment_row = 0, moment_column = 0;
  for (int row = 0; row < kBox; ++row) {
    for (int column = 0; column < kBox; ++column) {
      const int64_t grey = box[static_cast<size_t>(row)][static_cast<size_t>(column)];
      mass += grey;
      moment_row += grey * row;
      moment_column += grey * column;
    }
  }
  const double total = static_cast<double>(std::max<int64_t>(mass, 1));
  const int top = OffsetFor(static_cast<double>(moment_row) / total);
  const int left = OffsetFor(static_cast<double>(moment_column) / total);
  std::fill_n(pixels, kDigitPixels, uint8_t{0});
  for (int row = 0; row < kBox; ++row) {
    std::copy_n(box[static_cast<size_t>(row)].data(), kBox,
                pixels + (top + row) * kDigitSize + left);
  }
}

}  // namespace

void DrawPaths(const std::vector<PenPath>& paths, const Pen& pen, uint8_t* pixels) {
  const Fit fit = FitToBox(paths, pen.radius);
  Ink ink{};
  for (const PenPath& path : paths) {
    for (size_t p = 0; p + 1 < path.size(); ++p) {
      DrawPiece(MakePiece(path[p], path[p + 1], fit, pen.radius), ink);
    }
  }
  Blur(pen.blur, ink);
  PlaceByCentreOfMass(Round(ink, pen.contrast), pixels);
}

}  // namespace convoy::data
