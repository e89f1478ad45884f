#include "common/figures/curves_figure.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/figures/axes.h"

namespace convoy::figures {
namespace {

constexpr int kWidth = 1000;
constexpr int kHeight = 400;

struct Panel {
  const char* metric;
  const char* title;
  std::string y_label;
  double factor;  // 100 for percentages
};

std::vector<Point> PointsOf(const metrics::History& history, const std::string& metric,
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

Axis ValueAxis(const std::vector<Series>& series) {
  std::vector<double> values;
  for (const Series& one : series) {
    for (const Point& point : one.points) values.push_back(point.y);
  }
  if (values.empty()) return NiceAxis(0, 1, 6);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return NiceAxis(*low, *high, 6);
}

void DrawPanel(Canvas& canvas, const Rect& area, const Panel& panel,
               const metrics::History& history, Language language) {
  const Texts& texts = TextsIn(language);
  const std::string metric = panel.metric;
  std::vector<Series> series = {
      {texts.training, PointsOf(history, metric, panel.factor), kBlue, /*dashed=*/false}};
  std::vector<Point> validation = PointsOf(history, "val_" + metric, panel.factor);
  if (!validation.empty()) {
    series.push_back({texts.validation, std::move(validation), kVermilion, /*dashed=*/true});
  }
  const int epochs = std::max(1, static_cast<int>(history.size()));
  DrawPlot(canvas, area, {.title = panel.title, .x = texts.epoch, .y = panel.y_label},
           WholeNumberAxis(1, epochs, 10), ValueAxis(series), series, language);
}

}  // namespace

Canvas DrawCurves(const metrics::History& history, Language language) {
  const Texts& texts = TextsIn(language);
  Canvas canvas(kWidth, kHeight);
  const double half = kWidth / 2.0;
  DrawPanel(canvas, {0, 8, half, kHeight - 12},
            {"accuracy", texts.curves_accuracy, texts.accuracy_axis, 100}, history, language);
  DrawPanel(canvas, {half, 8, half, kHeight - 12}, {"loss", texts.curves_loss, texts.loss_axis, 1},
            history, language);
  return canvas;
}

}  // namespace convoy::figures
