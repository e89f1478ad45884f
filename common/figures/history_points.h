// A history's values as points of a plot, and the axis that they need.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/figures/axes.h"
#include "common/metrics/history.h"

namespace convoy::figures {

// Returns the metric at each epoch, counted from 1, times `factor`; what is not finite is left out.
inline std::vector<Point> PointsOf(const metrics::History& history, const std::string& metric,
                                   double factor) {
  std::vector<Point> points;
  for (size_t epoch = 0; epoch < history.size(); ++epoch) {
    for (const auto& [name, value] : history[epoch]) {
      if (name != metric || !std::isfinite(value)) continue;
      points.push_back({static_cast<double>(epoch + 1), factor * value});
    }
  }
  return points;
}

// Returns an axis for the values of all series; from 0 to 1 where there are none.
inline Axis ValueAxis(const std::vector<Series>& series) {
  std::vector<double> values;
  for (const Series& one : series) {
    for (const Point& point : one.points) values.push_back(point.y);
  }
  if (values.empty()) return NiceAxis(0, 1, 6);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return NiceAxis(*low, *high, 6);
}

}  // namespace convoy::figures
