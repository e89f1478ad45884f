// A sheet that figures are drawn on once and encoded as PNG or SVG, by Cairo. The same calls give
// the same bytes (with the same versions of Cairo, FreeType and the font).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/figures/color.h"

namespace convoy::figures {

enum class ImageFormat { kPng, kSvg };

// Returns the format that the ending of `path` names. Returns INVALID_ARGUMENT for any other than
// .png and .svg.
absl::StatusOr<ImageFormat> FormatOfPath(std::string_view path);

// All lengths are pixels at the figure's real size, from the upper left corner.
struct Point {
  double x = 0;
  double y = 0;
};

struct Rect {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

enum class Align { kLeft, kCenter, kRight };

// The sizes of letters, in pixels.
inline constexpr double kTitleSize = 20;
inline constexpr double kTextSize = 14;
inline constexpr double kSmallSize = 12;

struct TextStyle {
  double size = kTextSize;
  Align align = Align::kLeft;
  Color color = kInk;
  bool bold = false;
  bool upwards = false;  // turned by 90 degrees, read from below
};

struct LineStyle {
  Color color = kInk;
  double width = 1;
  bool dashed = false;
};

// Colours of a grid of cells, such as an image's pixels.
struct CellColors {
  int height = 0;
  int width = 0;
  std::vector<Color> cells;  // [height, width]
};

// Thread-compatible. Takes and gives no errors until it is encoded.
class Canvas {
 public:
  // A white sheet.
  Canvas(int width, int height);
  ~Canvas();
  Canvas(Canvas&&) noexcept;
  Canvas& operator=(Canvas&&) noexcept;

  int width() const { return width_; }
  int height() const { return height_; }

  void FillRect(const Rect& rect, const Color& color);
  void StrokeRect(const Rect& rect, const LineStyle& style);
  void Line(const Point& from, const Point& to, const LineStyle& style);
  void Polyline(const std::vector<Point>& points, const LineStyle& style);
  void FillCircle(const Point& center, double radius, const Color& color);

  // Writes UTF-8 with its baseline at `anchor`, which is the text's left end, middle or right end.
  // What is no UTF-8, and control characters, are shown as U+FFFD.
  void Text(const Point& anchor, std::string_view text, const TextStyle& style = {});

  // Returns the width of a text in pixels.
  double TextWidth(std::string_view text, const TextStyle& style) const;

  // Returns the text, cut short with an ellipsis where it is wider than `max_width`.
  std::string Fit(std::string_view text, const TextStyle& style, double max_width) const;

  // Fills `rect` with cells of sharp edges.
  void Cells(const Rect& rect, const CellColors& colors);

  // What the figure is called: the title of an SVG file, which screen readers read and browsers
  // show, and the text that stands for the figure on a page. The first call counts.
  void SetTitle(std::string_view title);
  const std::string& title() const { return title_; }

  // Adds a line below all else, once at the most: what nobody who sees the figure may miss.
  void AddNote(std::string_view note);

  // Returns the file's bytes. Returns INTERNAL with Cairo's words if a drawing failed.
  absl::StatusOr<std::string> Encode(ImageFormat format) const;

 private:
  struct Cairo;
  int width_;
  int height_;
  std::string title_;  // printable
  std::unique_ptr<Cairo> cairo_;
};

}  // namespace convoy::figures
