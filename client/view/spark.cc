#include "client/view/spark.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace convoy::client {
namespace {

constexpr const char* kHeights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr const char* kWidths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

// Returns the means of `columns` runs of values, as equal as they get.
std::vector<double> Shrink(const std::vector<double>& values, size_t columns) {
  if (values.size() <= columns) return values;
  std::vector<double> means(columns, 0);
  for (size_t i = 0; i < columns; ++i) {
    const size_t begin = i * values.size() / columns;
    const size_t end = (i + 1) * values.size() / columns;
    for (size_t j = begin; j < end; ++j) means[i] += values[j];
    means[i] /= static_cast<double>(end - begin);
  }
  return means;
}

// 0 for what is no number.
double CutToUnit(double fraction) { return fraction > 0 ? std::min(fraction, 1.0) : 0; }

// The finite ones of `values`, in at most `columns` means.
std::vector<double> PointsOf(const std::vector<double>& values, int columns) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](double value) { return std::isfinite(value); });
  if (columns < 1) return {};
  return Shrink(finite, static_cast<size_t>(columns));
}

std::string Line(const std::vector<double>& points, double low, double high) {
  std::string line;
  for (const double point : points) {
    const double height = high > low ? CutToUnit((point - low) / (high - low)) : 0;
    line += kHeights[std::lround(height * 7)];
  }
  return line;
}

}  // namespace

std::string Sparkline(const std::vector<double>& values, int columns) {
  const std::vector<double> points = PointsOf(values, columns);
  if (points.empty()) return "";
  const auto [least, greatest] = std::minmax_element(points.begin(), points.end());
  return Line(points, *least, *greatest);
}

std::string Sparkline(const std::vector<double>& values, int columns, double low, double high) {
  return Line(PointsOf(values, columns), low, high);
}

std::string BlockBar(double fraction, int columns) {
  const auto eighths = static_cast<size_t>(std::lround(CutToUnit(fraction) * columns * 8));
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kWidths[eighths % 8];
}

}  // namespace convoy::client
