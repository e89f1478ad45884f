// What the figures have in common: a heading, and images in rows with captions below.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/figures/canvas.h"

namespace convoy::figures {

// An image of the data set, or a picture: bytes [height, width, channels], 1 (grey), 3 (red, green,
// blue) or any number of channels, of which only the first is shown then.
struct PixelImage {
  int height = 0;
  int width = 0;
  int channels = 1;
  std::vector<uint8_t> pixels;
};

// Returns the image's colours. REQUIRES: as many pixels as the sizes say, at least one.
CellColors ColorsOf(const PixelImage& image);

// Returns the colours of `values` [height, width], of which `low` is the map's 0 and `high` its 1.
CellColors ColorsOf(const float* values, int height, int width, double low, double high,
                    ColorMap map);

struct CaptionLine {
  std::string text;
  Color color = kInk;
  bool bold = false;
};

struct Tile {
  CellColors image;
  std::vector<CaptionLine> caption;
  bool framed = false;  // for images that may be as white as the sheet
};

// How tiles stand in rows. Images keep their proportions within a square of `side`.
struct TileLayout {
  int columns = 5;
  double side = 112;
  double gap = 24;  // between columns
  int caption_lines = 1;
  double caption_size = kTextSize;

  double RowHeight() const { return side + 18 + caption_lines * (caption_size + 5); }
  // The room for a line of a tile's caption.
  double CaptionWidth() const { return side + gap - 4; }
  double Width() const { return columns * side + (columns - 1) * gap; }
  double Height(size_t num_tiles) const;
};

// Draws the tiles from `origin` on, row by row.
void DrawTiles(Canvas& canvas, const Point& origin, const TileLayout& layout,
               const std::vector<Tile>& tiles);

// Draws an image, as large as fits into `box`, in its middle. Returns where it is.
Rect DrawImage(Canvas& canvas, const Rect& box, const CellColors& image);

inline constexpr double kMargin = 24;
inline constexpr double kHeadingHeight = 72;

// Draws a title and a smaller line below it into the uppermost kHeadingHeight pixels; both are the
// canvas's title, too.
void DrawHeading(Canvas& canvas, const std::string& title, const std::string& subtitle);

}  // namespace convoy::figures
