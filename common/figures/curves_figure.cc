#include "common/figures/curves_figure.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/figures/axes.h"
#include "common/figures/history_points.h"

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
  canvas.SetTitle(absl::StrCat(texts.curves_accuracy, ", ", texts.curves_loss));
  const double half = kWidth / 2.0;
  DrawPanel(canvas, {0, 8, half, kHeight - 12},
            {"accuracy", texts.curves_accuracy, texts.accuracy_axis, 100}, history, language);
  DrawPanel(canvas, {half, 8, half, kHeight - 12}, {"loss", texts.curves_loss, texts.loss_axis, 1},
            history, language);
  return canvas;
}

}  // namespace convoy::figures
