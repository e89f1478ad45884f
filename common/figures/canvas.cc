// A sheet on Cairo's recording surface: drawing is recorded once and replayed into PNG or SVG, so
// both show the same. All that depends on the machine is switched off or renumbered (font hinting,
// the numbers of surfaces in SVG), which makes the bytes of a figure a function of its content.
#include "common/figures/canvas.h"

#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/check.h"
#include "common/base/text_error.h"
#include "common/base/utf8.h"

namespace convoy::figures {
namespace {

constexpr char kFont[] = "DejaVu Sans";
constexpr char kEllipsis[] = "\xE2\x80\xA6";
constexpr int kNoteHeight = 30;
constexpr double kNoteMargin = 24;
constexpr double kHalfPi = 1.57079632679489661923;

// The same shapes whatever a desktop's font settings say.
void SetFontOptions(cairo_t* cairo) {
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(cairo, options);
  cairo_font_options_destroy(options);
}

void SetColor(cairo_t* cairo, const Color& color) {
  cairo_set_source_rgb(cairo, color.red, color.green, color.blue);
}

void SetLine(cairo_t* cairo, const LineStyle& style) {
  static constexpr std::array kDashes = {7.0, 4.0};
  SetColor(cairo, style.color);
  cairo_set_line_width(cairo, style.width);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(cairo, kDashes.data(), style.dashed ? int{kDashes.size()} : 0, 0);
}

void SetFont(cairo_t* cairo, const TextStyle& style) {
  cairo_select_font_face(cairo, kFont, CAIRO_FONT_SLANT_NORMAL,
                         style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo, style.size);
}

double AdvanceOf(cairo_t* cairo, const std::string& text) {
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, text.c_str(), &extents);
  return extents.x_advance;
}

cairo_status_t Append(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

uint32_t Pixel(const Color& color) {
  const auto byte = [](double part) {
    return static_cast<uint32_t>(std::lround(std::clamp(part, 0.0, 1.0) * 255));
  };
  return byte(color.red) << 16 | byte(color.green) << 8 | byte(color.blue);
}

// Each cell as a square of `zoom` pixels: a viewer that smooths enlarged images, as most do with
// SVG, then blurs no more than the cells' edges.
cairo_surface_t* MakeImage(const CellColors& colors, int zoom) {
  cairo_surface_t* image =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, colors.width * zoom, colors.height * zoom);
  if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS) return image;
  unsigned char* bytes = cairo_image_surface_get_data(image);
  const int stride = cairo_image_surface_get_stride(image);
  for (int y = 0; y < colors.height * zoom; ++y) {
    for (int x = 0; x < colors.width * zoom; ++x) {
      const auto cell = static_cast<size_t>(y / zoom * colors.width + x / zoom);
      const uint32_t pixel = Pixel(colors.cells[cell]);
      std::memcpy(bytes + ptrdiff_t{y} * stride + ptrdiff_t{x} * 4, &pixel, sizeof(pixel));
    }
  }
  cairo_surface_mark_dirty(image);
  return image;
}

// Cairo numbers the surfaces of a process and writes the numbers into SVG files; a figure's bytes
// must not tell how many were drawn before it, so they are numbered anew within the file.
std::string RenumberSurfaces(const std::string& svg) {
  static constexpr std::array<std::string_view, 4> kPrefixes = {"\"surface", "#surface", "\"image",
                                                                "#image"};
  std::vector<std::string> known;
  std::string result;
  for (size_t i = 0; i < svg.size();) {
    const std::string_view rest = std::string_view(svg).substr(i);
    size_t length = 0;
    for (const std::string_view prefix : kPrefixes) {
      if (rest.starts_with(prefix)) length = prefix.size();
    }
    size_t end = length;
    while (end < rest.size() && length > 0 && absl::ascii_isdigit(rest[end])) ++end;
    if (end == length) {
      result += svg[i++];
      continue;
    }
    const std::string number(rest.substr(length, end - length));
    auto place = std::find(known.begin(), known.end(), number);
    if (place == known.end()) place = known.insert(known.end(), number);
    result += rest.substr(0, length);
    absl::StrAppend(&result, place - known.begin());
    i += end;
  }
  return result;
}

// Returns the file with a title for those who do not see it.
std::string WithTitle(std::string svg, const std::string& title) {
  const size_t begin = svg.find("<svg");
  const size_t end = svg.find('>', begin);
  if (title.empty() || begin == std::string::npos || end == std::string::npos) return svg;
  const std::string escaped =
      absl::StrReplaceAll(title, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
  svg.insert(end + 1, absl::StrCat("\n<title>", escaped, "</title>"));
  svg.insert(end, " role=\"img\"");
  return svg;
}

}  // namespace

struct Canvas::Cairo {
  Cairo(int width, int height) {
    const cairo_rectangle_t sheet{0, 0, double(width), double(height + kNoteHeight)};
    surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &sheet);
    context = cairo_create(surface);
    SetFontOptions(context);
  }
  ~Cairo() {
    cairo_destroy(context);
    cairo_surface_destroy(surface);
  }
  Cairo(const Cairo&) = delete;
  Cairo& operator=(const Cairo&) = delete;

  cairo_surface_t* surface;
  cairo_t* context;
};

absl::StatusOr<ImageFormat> FormatOfPath(std::string_view path) {
  const std::string name(path);
  if (absl::EndsWithIgnoreCase(name, ".png")) return ImageFormat::kPng;
  if (absl::EndsWithIgnoreCase(name, ".svg")) return ImageFormat::kSvg;
  return TextError(absl::StatusCode::kInvalidArgument,
                   "$0: a figure's name must end in .png or .svg", name);
}

Canvas::Canvas(int width, int height)
    : width_(width), height_(height), cairo_(std::make_unique<Cairo>(width, height)) {
  FillRect({0, 0, double(width), double(height)}, kWhite);
}

Canvas::~Canvas() = default;
Canvas::Canvas(Canvas&&) noexcept = default;
Canvas& Canvas::operator=(Canvas&&) noexcept = default;

void Canvas::FillRect(const Rect& rect, const Color& color) {
  SetColor(cairo_->context, color);
  cairo_rectangle(cairo_->context, rect.x, rect.y, rect.width, rect.height);
  cairo_fill(cairo_->context);
}

void Canvas::StrokeRect(const Rect& rect, const LineStyle& style) {
  SetLine(cairo_->context, style);
  cairo_rectangle(cairo_->context, rect.x, rect.y, rect.width, rect.height);
  cairo_stroke(cairo_->context);
}

void Canvas::Line(const Point& from, const Point& to, const LineStyle& style) {
  Polyline({from, to}, style);
}

void Canvas::Polyline(const std::vector<Point>& points, const LineStyle& style) {
  SetLine(cairo_->context, style);
  cairo_new_path(cairo_->context);
  for (const Point& point : points) cairo_line_to(cairo_->context, point.x, point.y);
  cairo_stroke(cairo_->context);
}

void Canvas::FillCircle(const Point& center, double radius, const Color& color) {
  SetColor(cairo_->context, color);
  cairo_new_path(cairo_->context);
  cairo_arc(cairo_->context, center.x, center.y, radius, 0, 4 * kHalfPi);
  cairo_fill(cairo_->context);
}

void Canvas::Text(const Point& anchor, std::string_view text, const TextStyle& style) {
  cairo_t* context = cairo_->context;
  const std::string shown = VisibleUtf8(text);
  SetFont(context, style);
  SetColor(context, style.color);
  const double part = style.align == Align::kLeft ? 0 : style.align == Align::kCenter ? 0.5 : 1;
  cairo_save(context);
  cairo_translate(context, anchor.x, anchor.y);
  if (style.upwards) cairo_rotate(context, -kHalfPi);
  cairo_move_to(context, -part * AdvanceOf(context, shown), 0);
  cairo_show_text(context, shown.c_str());
  cairo_restore(context);
}

double Canvas::TextWidth(std::string_view text, const TextStyle& style) const {
  SetFont(cairo_->context, style);
  return AdvanceOf(cairo_->context, VisibleUtf8(text));
}

std::string Canvas::Fit(std::string_view text, const TextStyle& style, double max_width) const {
  std::string shown = VisibleUtf8(text);
  if (TextWidth(shown, style) <= max_width) return shown;
  do {
    size_t end = shown.size();
    while (end > 0 && (static_cast<unsigned char>(shown[--end]) & 0xc0) == 0x80) continue;
    shown.resize(end);
  } while (!shown.empty() && TextWidth(shown + kEllipsis, style) > max_width);
  return shown + kEllipsis;
}

void Canvas::Cells(const Rect& rect, const CellColors& colors) {
  CONVOY_CHECK_EQ(static_cast<int64_t>(colors.cells.size()), int64_t{colors.height} * colors.width);
  const int zoom = std::clamp(static_cast<int>(rect.width / std::max(colors.width, 1)), 1, 16);
  cairo_surface_t* image = MakeImage(colors, zoom);
  cairo_t* context = cairo_->context;
  cairo_save(context);
  cairo_translate(context, rect.x, rect.y);
  cairo_scale(context, rect.width / (colors.width * zoom), rect.height / (colors.height * zoom));
  cairo_set_source_surface(context, image, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST);
  cairo_rectangle(context, 0, 0, colors.width * zoom, colors.height * zoom);
  cairo_fill(context);
  cairo_restore(context);
  cairo_surface_destroy(image);
}

void Canvas::AddNote(std::string_view note) {
  const TextStyle style{.color = kVermilion, .bold = true};
  FillRect({0, double(height_), double(width_), double(kNoteHeight)}, kWhite);
  Text({kNoteMargin, height_ + kNoteHeight / 2.0 + 2}, Fit(note, style, width_ - 2 * kNoteMargin),
       style);
  height_ += kNoteHeight;
}

void Canvas::SetTitle(std::string_view title) {
  if (title_.empty()) title_ = VisibleUtf8(title);
}

absl::StatusOr<std::string> Canvas::Encode(ImageFormat format) const {
  std::string bytes;
  cairo_surface_t* target =
      format == ImageFormat::kSvg
          ? cairo_svg_surface_create_for_stream(&Append, &bytes, width_, height_)
          : cairo_image_surface_create(CAIRO_FORMAT_RGB24, width_, height_);
  if (format == ImageFormat::kSvg) cairo_svg_surface_set_document_unit(target, CAIRO_SVG_UNIT_PX);
  cairo_t* context = cairo_create(target);
  cairo_set_source_surface(context, cairo_->surface, 0, 0);
  cairo_paint(context);
  cairo_status_t status = cairo_status(context);
  const cairo_status_t drawn = cairo_status(cairo_->context);
  if (drawn != CAIRO_STATUS_SUCCESS) status = drawn;
  cairo_destroy(context);
  if (status == CAIRO_STATUS_SUCCESS && format == ImageFormat::kPng) {
    status = cairo_surface_write_to_png_stream(target, &Append, &bytes);
  }
  cairo_surface_finish(target);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(target);
  cairo_surface_destroy(target);
  if (status != CAIRO_STATUS_SUCCESS) {
    return TextError(absl::StatusCode::kInternal, "cannot draw the figure: $0",
                     cairo_status_to_string(status));
  }
  return format == ImageFormat::kSvg ? WithTitle(RenumberSurfaces(bytes), title_) : bytes;
}

}  // namespace convoy::figures
