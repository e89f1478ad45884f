#include "common/figures/comparison_figure.h"

#include <algorithm>
#include <array>

#include "common/base/check.h"
#include "common/figures/axes.h"
#include "common/figures/history_points.h"

namespace convoy::figures {
namespace {

constexpr int kWidth = 1000;
constexpr int kPlotHeight = 380;
constexpr int kTop = 44;
constexpr int kLegendHeight = 22;  // of a row
constexpr int kNamesInARow = 2;    // at the least, as long as names may be

// Epochs of the longest history.
int Epochs(const std::vector<NamedHistory>& histories) {
  size_t epochs = 1;
  for (const NamedHistory& one : histories) epochs = std::max(epochs, one.history.size());
  return static_cast<int>(epochs);
}

bool AllValidated(const std::vector<NamedHistory>& histories) {
  return std::all_of(histories.begin(), histories.end(), [](const NamedHistory& one) {
    return !PointsOf(one.history, "val_loss", 1).empty();
  });
}

std::vector<Series> SeriesOf(const std::vector<NamedHistory>& histories, const std::string& metric,
                             double factor) {
  static constexpr std::array kColors = {kBlue,   kVermilion, kGreen, kPurple,
                                         kOrange, kSky,       kBrown, kBlack};
  static_assert(kColors.size() == kMostCompared);
  std::vector<Series> series;
  for (const NamedHistory& one : histories) {
    const size_t place = series.size();
    series.push_back({.name = one.name,
                      .points = PointsOf(one.history, metric, factor),
                      .color = kColors[place],
                      .dashed = place % 2 == 1});
  }
  return series;
}

}  // namespace

Canvas DrawComparison(const std::vector<NamedHistory>& histories, Language language) {
  CONVOY_CHECK(!histories.empty() && histories.size() <= kMostCompared);
  const Texts& texts = TextsIn(language);
  const bool validated = AllValidated(histories);
  const std::string before = validated ? "val_" : "";
  const std::vector<Series> accuracy = SeriesOf(histories, before + "accuracy", 100);
  const std::vector<Series> loss = SeriesOf(histories, before + "loss", 1);
  const int rows = (static_cast<int>(histories.size()) + kNamesInARow - 1) / kNamesInARow;
  const double top = kTop + kLegendHeight * rows - 30.0;
  Canvas canvas(kWidth, static_cast<int>(top) + kPlotHeight);
  const std::string part = validated ? texts.validation : texts.training;
  DrawLegend(canvas, {66, kTop - 20}, kWidth - 80, accuracy);
  const Axis epochs = WholeNumberAxis(1, Epochs(histories), 10);
  const double half = kWidth / 2.0;
  DrawPlot(canvas, {0, top, half, kPlotHeight - 8},
           {.title = std::string(texts.curves_accuracy) + " (" + part + ")",
            .x = texts.epoch,
            .y = texts.accuracy_axis,
            .legend = false},
           epochs, ValueAxis(accuracy), accuracy, language);
  DrawPlot(canvas, {half, top, half, kPlotHeight - 8},
           {.title = std::string(texts.curves_loss) + " (" + part + ")",
            .x = texts.epoch,
            .y = texts.loss_axis,
            .legend = false},
           epochs, ValueAxis(loss), loss, language);
  return canvas;
}

}  // namespace convoy::figures
