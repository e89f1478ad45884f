#include "common/figures/sheet.h"

#include <algorithm>
#include <cmath>

#include "common/base/check.h"

namespace convoy::figures {

CellColors ColorsOf(const PixelImage& image) {
  const int64_t cells = int64_t{image.height} * image.width;
  CONVOY_CHECK_EQ(static_cast<int64_t>(image.pixels.size()), cells * image.channels);
  CellColors colors{.height = image.height, .width = image.width, .cells = {}};
  const bool colored = image.channels == 3;
  for (int64_t cell = 0; cell < cells; ++cell) {
    const uint8_t* pixel = image.pixels.data() + cell * image.channels;
    colors.cells.push_back(
        {pixel[0] / 255.0, pixel[colored ? 1 : 0] / 255.0, pixel[colored ? 2 : 0] / 255.0});
  }
  return colors;
}

CellColors ColorsOf(const float* values, int height, int width, double low, double high,
                    ColorMap map) {
  CellColors colors{.height = height, .width = width, .cells = {}};
  const double scale = high > low ? 1 / (high - low) : 0;
  for (int64_t cell = 0; cell < int64_t{height} * width; ++cell) {
    colors.cells.push_back(map((values[cell] - low) * scale));
  }
  return colors;
}

double TileLayout::Height(size_t num_tiles) const {
  const auto columns_ = static_cast<size_t>(columns);
  return static_cast<double>((num_tiles + columns_ - 1) / columns_) * RowHeight();
}

Rect DrawImage(Canvas& canvas, const Rect& box, const CellColors& image) {
  double zoom = std::min(box.width / image.width, box.height / image.height);
  if (zoom > 1) zoom = std::floor(zoom);  // all pixels of the same size
  const double width = image.width * zoom;
  const double height = image.height * zoom;
  const Rect place{std::round(box.x + (box.width - width) / 2),
                   std::round(box.y + (box.height - height) / 2), width, height};
  canvas.Cells(place, image);
  return place;
}

void DrawTiles(Canvas& canvas, const Point& origin, const TileLayout& layout,
               const std::vector<Tile>& tiles) {
  for (size_t i = 0; i < tiles.size(); ++i) {
    const auto columns = static_cast<size_t>(layout.columns);
    const double x = origin.x + static_cast<double>(i % columns) * (layout.side + layout.gap);
    double y = origin.y + static_cast<double>(i / columns) * layout.RowHeight();
    const Rect place = DrawImage(canvas, {x, y, layout.side, layout.side}, tiles[i].image);
    if (tiles[i].framed) canvas.StrokeRect(place, {.color = kFaintInk});
    y += layout.side + 4;
    for (const CaptionLine& line : tiles[i].caption) {
      y += layout.caption_size + 3;
      const TextStyle style{.size = layout.caption_size,
                            .align = Align::kCenter,
                            .color = line.color,
                            .bold = line.bold};
      canvas.Text({x + layout.side / 2, y}, canvas.Fit(line.text, style, layout.CaptionWidth()),
                  style);
    }
  }
}

void DrawHeading(Canvas& canvas, const std::string& title, const std::string& subtitle) {
  canvas.SetTitle(subtitle.empty() ? title : title + ". " + subtitle);
  const TextStyle large{.size = kTitleSize, .align = Align::kCenter, .bold = true};
  const TextStyle small{.align = Align::kCenter, .color = kFaintInk};
  const double middle = canvas.width() / 2.0;
  const double room = canvas.width() - kMargin;
  canvas.Text({middle, 32}, canvas.Fit(title, large, room), large);
  canvas.Text({middle, 55}, canvas.Fit(subtitle, small, room), small);
}

}  // namespace convoy::figures
