// A pair of axes with grid, labels and legend, and the lines drawn in it.
#pragma once

#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/texts.h"

namespace convoy::figures {

// A range of values and where it is marked.
struct Axis {
  double low = 0;
  double high = 1;
  std::vector<double> ticks;  // ascending, within [low, high]
  int decimals = 0;           // of the ticks' numbers
};

// Returns an axis that covers [low, high] and ends at ticks, which are 1, 2 or 5 times a power of
// ten apart; at most about `max_ticks`. Takes low = high, too. REQUIRES: both are finite.
Axis NiceAxis(double low, double high, int max_ticks);

// Returns an axis of the whole numbers first..last, of which at most about `max_ticks` are marked,
// with half a unit free at both ends.
Axis WholeNumberAxis(int first, int last, int max_ticks);

struct Series {
  std::string name;
  std::vector<Point> points;  // in the axes' values, x ascending; y finite
  Color color;
  bool dashed = false;
};

struct PlotLabels {
  std::string title;
  std::string x;
  std::string y;
  bool legend = true;  // above the plot, where there are several series
};

// Draws the series' names with their lines from left to right and top to bottom, as many a row as
// `width` holds, the first at `left_top`.
void DrawLegend(Canvas& canvas, const Point& left_top, double width,
                const std::vector<Series>& series);

// Draws the series into `area`, labels and a legend (where there are several) included.
void DrawPlot(Canvas& canvas, const Rect& area, const PlotLabels& labels, const Axis& x,
              const Axis& y, const std::vector<Series>& series, Language language);

// A mark beside a colour bar: where it stands, from 0 at the bottom to 1, and its text.
struct BarMark {
  double place = 0;
  std::string text;
};

// Returns marks at round values from `low` to `high`, for a bar that begins and ends there.
std::vector<BarMark> RoundMarks(double low, double high, Language language);

// Draws a vertical bar of the map's colours that explains them by marks on its right side.
void DrawColorBar(Canvas& canvas, const Rect& bar, ColorMap map, const std::vector<BarMark>& marks);

}  // namespace convoy::figures
