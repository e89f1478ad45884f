#include "common/figures/noise_figure.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/figures/axes.h"

namespace convoy::figures {
namespace {

constexpr double kRowLabel = 90;
constexpr size_t kPairsInARow = 5;

CaptionLine CaptionOf(const Reading& reading, const std::string& actual, Language language) {
  const bool right = reading.predicted == actual;
  return {.text = absl::StrCat(reading.predicted, " (", Percent(language, reading.confidence, 0),
                               ")", right ? " \xE2\x9C\x93" : " \xE2\x9C\x97"),
          .color = right ? kBlue : kVermilion,
          .bold = !right};
}

// A row of originals and below it one of the same images with noise; both of `columns` tiles, of
// which the last may be empty.
std::vector<Tile> RowOf(const std::vector<NoisyPair>& pairs, size_t first, size_t columns,
                        Language language) {
  const Tile empty{{.height = 1, .width = 1, .cells = {kWhite}}, {}};
  std::vector<Tile> tiles(2 * columns, empty);
  for (size_t i = 0; i < std::min(columns, pairs.size() - first); ++i) {
    const NoisyPair& pair = pairs[first + i];
    tiles[i] = {ColorsOf(pair.original), {CaptionOf(pair.of_original, pair.actual, language)}};
    tiles[columns + i] = {ColorsOf(pair.noisy), {CaptionOf(pair.of_noisy, pair.actual, language)}};
  }
  return tiles;
}

}  // namespace

Canvas DrawNoisyImages(const std::vector<NoisyPair>& pairs, double level, Language language) {
  const Texts& texts = TextsIn(language);
  const size_t columns = std::clamp<size_t>(pairs.size(), 1, kPairsInARow);
  const TileLayout layout{.columns = static_cast<int>(columns), .caption_size = kTextSize};
  const size_t rows = (pairs.size() + columns - 1) / columns;
  constexpr double kTop = 56;
  const double row_height = 2 * layout.RowHeight();
  const double width = std::max(layout.Width() + 2 * kMargin + kRowLabel, 520.0);
  Canvas canvas(static_cast<int>(width),
                static_cast<int>(kTop + static_cast<double>(rows) * row_height + kMargin / 2));
  DrawHeading(canvas, Fill(texts.noise_title, {ShortNumber(language, level)}), "");
  for (size_t row = 0; row < rows; ++row) {
    const double top = kTop + static_cast<double>(row) * row_height;
    DrawTiles(canvas, {kMargin + kRowLabel, top}, layout,
              RowOf(pairs, row * columns, columns, language));
    const double middle = top + layout.side / 2 + 5;
    canvas.Text({kMargin, middle}, texts.noise_original);
    canvas.Text({kMargin, middle + layout.RowHeight()}, texts.noise_noisy);
  }
  return canvas;
}

Canvas DrawNoiseCurves(const std::vector<NoiseCurve>& curves, Language language) {
  static constexpr std::array kColors = {kBlue, kVermilion, kGreen, kPurple};
  CONVOY_CHECK(!curves.empty() && curves.size() <= kColors.size());
  const Texts& texts = TextsIn(language);
  std::vector<Series> series;
  double last = 0;
  for (const NoiseCurve& curve : curves) {
    CONVOY_CHECK(!curve.levels.empty());
    CONVOY_CHECK_EQ(curve.levels.size(), curve.accuracy.size());
    Series one{.name = curve.name, .points = {}, .color = kColors[series.size()], .dashed = false};
    one.dashed = series.size() % 2 == 1;
    for (size_t i = 0; i < curve.levels.size(); ++i) {
      one.points.push_back({curve.levels[i], 100 * curve.accuracy[i]});
    }
    last = std::max(last, curve.levels.back());
    series.push_back(std::move(one));
  }
  Canvas canvas(640, 420);
  canvas.SetTitle(texts.noise_curve_title);
  DrawPlot(canvas, {0, 8, 640, 408},
           {.title = texts.noise_curve_title, .x = texts.noise_level, .y = texts.accuracy_axis},
           NiceAxis(0, last, 8), NiceAxis(0, 100, 6), series, language);
  return canvas;
}

}  // namespace convoy::figures
