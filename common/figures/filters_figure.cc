#include "common/figures/filters_figure.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/figures/axes.h"
#include "common/figures/sheet.h"

namespace convoy::figures {
namespace {

constexpr int kMostFilters = 64;
constexpr int kMostChannels = 64;
constexpr double kTop = kHeadingHeight + 8;
constexpr double kBarRoom = 100;  // the colour bar with its numbers

double WeightAt(const FilterBank& bank, int row, int column, int channel, int filter) {
  const int place = ((row * bank.width + column) * bank.channels + channel) * bank.filters + filter;
  return bank.weights[static_cast<size_t>(place)];
}

// The weights of one filter for the only channel.
CellColors TileOf(const FilterBank& bank, int filter, double scale) {
  std::vector<float> values;
  for (int row = 0; row < bank.height; ++row) {
    for (int column = 0; column < bank.width; ++column) {
      values.push_back(static_cast<float>(WeightAt(bank, row, column, 0, filter)));
    }
  }
  return ColorsOf(values.data(), bank.height, bank.width, -scale, scale, &BlueOrange);
}

double LargestMagnitude(const std::vector<float>& weights) {
  double largest = 0;
  for (const float weight : weights) {
    if (std::isfinite(weight)) largest = std::max(largest, std::abs(double{weight}));
  }
  return largest > 0 ? largest : 1;
}

void DrawTitle(Canvas& canvas, const FilterBank& bank, Language language) {
  const Texts& texts = TextsIn(language);
  std::string subtitle =
      Fill(texts.filters_subtitle, {absl::StrCat(bank.filters), absl::StrCat(bank.height),
                                    absl::StrCat(bank.width), absl::StrCat(bank.channels)});
  if (bank.filters > kMostFilters || bank.channels > kMostChannels) {
    subtitle += Fill(texts.filters_shown, {absl::StrCat(std::min(bank.filters, kMostFilters)),
                                           absl::StrCat(std::min(bank.channels, kMostChannels))});
  }
  DrawHeading(canvas, Fill(texts.filters_title, {bank.layer}), subtitle);
}

void DrawScale(Canvas& canvas, double height, double scale, Language language) {
  DrawColorBar(canvas, {canvas.width() - kBarRoom + 16, kTop, 18, height}, &BlueOrange,
               RoundMarks(-scale, scale, language));
}

Canvas DrawSingleChannel(const FilterBank& bank, double scale, Language language) {
  const TileLayout layout{.columns = 8, .side = 81, .gap = 15, .caption_size = kSmallSize};
  std::vector<Tile> tiles;
  for (int filter = 0; filter < std::min(bank.filters, kMostFilters); ++filter) {
    tiles.push_back(
        {TileOf(bank, filter, scale), {{.text = absl::StrCat(filter + 1), .color = kFaintInk}}});
  }
  const double height = layout.Height(tiles.size());
  Canvas canvas(static_cast<int>(kMargin + layout.Width() + kBarRoom),
                static_cast<int>(kTop + std::max(height, 100.0) + kMargin / 2));
  DrawTitle(canvas, bank, language);
  DrawTiles(canvas, {kMargin, kTop}, layout, tiles);
  DrawScale(canvas, std::max(height, 100.0) - 20, scale, language);
  return canvas;
}

// A tile for each pair of an input channel (row) and a filter (column), with white lines as wide as
// a weight between them: one image, as thousands of small ones would make a large file.
CellColors MatrixOf(const FilterBank& bank, int channels, int filters, double scale) {
  CellColors matrix{.height = channels * (bank.height + 1) - 1,
                    .width = filters * (bank.width + 1) - 1,
                    .cells = {}};
  for (int y = 0; y < matrix.height; ++y) {
    for (int x = 0; x < matrix.width; ++x) {
      const int row = y % (bank.height + 1);
      const int column = x % (bank.width + 1);
      const int channel = y / (bank.height + 1);
      const int filter = x / (bank.width + 1);
      const bool between = row == bank.height || column == bank.width;
      matrix.cells.push_back(
          between ? kWhite
                  : BlueOrange(0.5 + WeightAt(bank, row, column, channel, filter) / (2 * scale)));
    }
  }
  return matrix;
}

Canvas DrawManyChannels(const FilterBank& bank, double scale, Language language) {
  constexpr double kLeft = 60;
  const Texts& texts = TextsIn(language);
  const int filters = std::min(bank.filters, kMostFilters);
  const int channels = std::min(bank.channels, kMostChannels);
  const CellColors matrix = MatrixOf(bank, channels, filters, scale);
  const double zoom =
      std::clamp(std::floor(900.0 / std::max(matrix.width, matrix.height)), 1.0, 16.0);
  const double width = matrix.width * zoom;
  const double height = matrix.height * zoom;
  Canvas canvas(static_cast<int>(kLeft + std::max(width, 420.0) + kBarRoom),
                static_cast<int>(kTop + std::max(height, 120.0) + 60));
  DrawTitle(canvas, bank, language);
  canvas.Cells({kLeft, kTop, width, height}, matrix);
  for (const double tick : WholeNumberAxis(1, filters, 12).ticks) {
    canvas.Text({kLeft + (tick - 0.5) * width / filters, kTop + height + 18}, absl::StrCat(tick),
                {.align = Align::kCenter});
  }
  for (const double tick : WholeNumberAxis(1, channels, 8).ticks) {
    canvas.Text({kLeft - 8, kTop + (tick - 0.5) * height / channels + 5}, absl::StrCat(tick),
                {.align = Align::kRight});
  }
  canvas.Text({kLeft + width / 2, kTop + height + 42}, texts.filter_axis,
              {.align = Align::kCenter});
  canvas.Text({20, kTop + height / 2}, texts.channel_axis,
              {.align = Align::kCenter, .upwards = true});
  DrawScale(canvas, std::max(height, 120.0), scale, language);
  return canvas;
}

}  // namespace

Canvas DrawFilters(const FilterBank& bank, Language language) {
  CONVOY_CHECK_EQ(static_cast<int64_t>(bank.weights.size()),
                  int64_t{bank.height} * bank.width * bank.channels * bank.filters);
  const double scale = LargestMagnitude(bank.weights);
  return bank.channels == 1 ? DrawSingleChannel(bank, scale, language)
                            : DrawManyChannels(bank, scale, language);
}

}  // namespace convoy::figures
