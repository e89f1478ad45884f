// Axes with round ticks (1, 2 or 5 times a power of ten) and the curves in them. Curves differ in
// dash and in the shape of their marks as well as in colour, so that they are told apart on a grey
// print and by colour-blind readers.
#include "common/figures/axes.h"

#include <algorithm>
#include <cmath>

namespace convoy::figures {
namespace {

// What surrounds the plot within its area.
constexpr double kLeft = 66;
constexpr double kRight = 14;
constexpr double kTop = 62;
constexpr double kBottom = 50;
constexpr double kMarkRadius = 3.5;
constexpr size_t kMostMarks = 40;  // more points than that are a line without marks

// Returns 1, 2 or 5 times a power of ten, at least `least`.
double RoundStep(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

int DecimalsOf(double step) {
  return std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
}

// Of a legend: the sample of the line, and what is between it, its name and the next one.
constexpr double kSample = 30;
constexpr double kGap = 8;
constexpr double kBetween = 26;
constexpr double kLegendRow = 22;

double LegendWidth(Canvas& canvas, const Series& series) {
  return kSample + kGap + canvas.TextWidth(series.name, {}) + kBetween;
}

// Round marks on solid lines, square ones on dashed: told apart without colours.
void Mark(Canvas& canvas, const Point& at, const Series& series) {
  if (series.dashed) {
    canvas.FillRect({at.x - kMarkRadius, at.y - kMarkRadius, 2 * kMarkRadius, 2 * kMarkRadius},
                    series.color);
  } else {
    canvas.FillCircle(at, kMarkRadius, series.color);
  }
}

class Plot {
 public:
  Plot(Canvas& canvas, const Rect& area, const Axis& x, const Axis& y, Language language)
      : canvas_(canvas),
        area_(area),
        inner_{area.x + kLeft, area.y + kTop, area.width - kLeft - kRight,
               area.height - kTop - kBottom},
        x_(x),
        y_(y),
        language_(language) {}

  void Frame(const PlotLabels& labels) {
    for (const double tick : y_.ticks) {
      const double y = At({x_.low, tick}).y;
      canvas_.Line({inner_.x, y}, {Right(), y}, {.color = kGridLine});
      canvas_.Text({inner_.x - 8, y + 5}, Number(language_, tick, y_.decimals),
                   {.align = Align::kRight});
    }
    for (const double tick : x_.ticks) {
      const double x = At({tick, y_.low}).x;
      canvas_.Line({x, Bottom()}, {x, Bottom() + 5}, {.color = kFaintInk});
      canvas_.Text({x, Bottom() + 20}, Number(language_, tick, x_.decimals),
                   {.align = Align::kCenter});
    }
    canvas_.Line({inner_.x, Bottom()}, {Right(), Bottom()}, {.color = kFaintInk});
    const double middle = inner_.x + inner_.width / 2;
    canvas_.Text({middle, area_.y + 24}, labels.title,
                 {.size = kTitleSize, .align = Align::kCenter, .bold = true});
    canvas_.Text({middle, Bottom() + 42}, labels.x, {.align = Align::kCenter});
    canvas_.Text({area_.x + 16, inner_.y + inner_.height / 2}, labels.y,
                 {.align = Align::kCenter, .upwards = true});
  }

  // Above the plot, where it hides nothing.
  void Legend(const std::vector<Series>& series) {
    double width = -kBetween;
    for (const Series& one : series) width += LegendWidth(canvas_, one);
    DrawLegend(canvas_, {inner_.x + (inner_.width - width) / 2, area_.y + 43}, width + kBetween,
               series);
  }

  void Draw(const Series& series) {
    std::vector<Point> points;
    for (const Point& point : series.points) points.push_back(At(point));
    canvas_.Polyline(points, {.color = series.color, .width = 2, .dashed = series.dashed});
    if (points.size() > kMostMarks) return;
    for (const Point& point : points) Mark(canvas_, point, series);
  }

 private:
  double Right() const { return inner_.x + inner_.width; }
  double Bottom() const { return inner_.y + inner_.height; }

  Point At(const Point& value) const {
    return {inner_.x + (value.x - x_.low) / (x_.high - x_.low) * inner_.width,
            Bottom() - (value.y - y_.low) / (y_.high - y_.low) * inner_.height};
  }

  Canvas& canvas_;
  Rect area_;
  Rect inner_;
  Axis x_;
  Axis y_;
  Language language_;
};

}  // namespace

Axis NiceAxis(double low, double high, int max_ticks) {
  const double span = high - low;
  // A range that is no more than rounding is widened around its value.
  const double least = std::max(1e-6, 1e-6 * std::max(std::abs(low), std::abs(high)));
  if (span < least) {
    low -= least;
    high += least;
  }
  const double step = RoundStep((high - low) / max_ticks);
  const auto first = static_cast<int64_t>(std::floor(low / step + 1e-6));
  const auto last = static_cast<int64_t>(std::ceil(high / step - 1e-6));
  Axis axis{.ticks = {}, .decimals = DecimalsOf(step)};
  for (int64_t i = first; i <= last; ++i) axis.ticks.push_back(static_cast<double>(i) * step);
  axis.low = axis.ticks.front();
  axis.high = axis.ticks.back();
  return axis;
}

Axis WholeNumberAxis(int first, int last, int max_ticks) {
  const int step =
      std::max(1, static_cast<int>(RoundStep((last - first + 1) / static_cast<double>(max_ticks))));
  Axis axis{.low = first - 0.5, .high = last + 0.5, .ticks = {}};
  for (int tick = first; tick <= last; ++tick) {
    if (step == 1 || tick % step == 0) axis.ticks.push_back(tick);
  }
  return axis;
}

void DrawLegend(Canvas& canvas, const Point& left_top, double width,
                const std::vector<Series>& series) {
  Point at = left_top;
  for (const Series& one : series) {
    const double needed = LegendWidth(canvas, one);
    if (at.x > left_top.x && at.x + needed - kBetween > left_top.x + width) {
      at = {left_top.x, at.y + kLegendRow};
    }
    canvas.Line(at, {at.x + kSample, at.y}, {.color = one.color, .width = 2, .dashed = one.dashed});
    Mark(canvas, {at.x + kSample / 2, at.y}, one);
    canvas.Text({at.x + kSample + kGap, at.y + 5}, one.name);
    at.x += needed;
  }
}

void DrawPlot(Canvas& canvas, const Rect& area, const PlotLabels& labels, const Axis& x,
              const Axis& y, const std::vector<Series>& series, Language language) {
  Plot plot(canvas, area, x, y, language);
  plot.Frame(labels);
  if (labels.legend && series.size() > 1) plot.Legend(series);
  for (const Series& one : series) plot.Draw(one);
}

std::vector<BarMark> RoundMarks(double low, double high, Language language) {
  const Axis axis = NiceAxis(low, high, 5);
  std::vector<BarMark> marks;
  for (const double tick : axis.ticks) {
    const double place = (tick - low) / (high - low);
    if (place < -1e-9 || place > 1 + 1e-9) continue;
    marks.push_back({place, Number(language, tick, axis.decimals)});
  }
  return marks;
}

void DrawColorBar(Canvas& canvas, const Rect& bar, ColorMap map,
                  const std::vector<BarMark>& marks) {
  constexpr int kSteps = 128;
  CellColors colors{.height = kSteps, .width = 1, .cells = {}};
  for (int i = 0; i < kSteps; ++i) colors.cells.push_back(map(1 - (i + 0.5) / kSteps));
  canvas.Cells(bar, colors);
  canvas.StrokeRect(bar, {.color = kFaintInk});
  for (const BarMark& mark : marks) {
    const double y = bar.y + bar.height * (1 - mark.place);
    canvas.Line({bar.x + bar.width, y}, {bar.x + bar.width + 5, y}, {.color = kFaintInk});
    canvas.Text({bar.x + bar.width + 9, y + 5}, mark.text);
  }
}

}  // namespace convoy::figures
