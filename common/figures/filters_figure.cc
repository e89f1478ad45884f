// Filters as tiles of their weights, or where there are several input channels as a matrix of
// tiles. Deep layers have thousands of pairs of filter and channel, of which nobody learns
// anything, so the strongest are chosen.
#include "common/figures/filters_figure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/figures/axes.h"
#include "common/figures/sheet.h"

namespace convoy::figures {
namespace {

constexpr int kMostFilterTiles = 64;
constexpr int kMostFilterRows = 16;  // of a matrix of filters and channels: more are a carpet
constexpr double kTop = kHeadingHeight + 8;
constexpr double kBarRoom = 100;  // the colour bar with its numbers

double WeightAt(const FilterBank& bank, int row, int column, int channel, int filter) {
  const int place = ((row * bank.width + column) * bank.channels + channel) * bank.filters + filter;
  return bank.weights[static_cast<size_t>(place)];
}

// The weights of one filter for one channel.
CellColors TileOf(const FilterBank& bank, int channel, int filter, double scale) {
  std::vector<float> values;
  for (int row = 0; row < bank.height; ++row) {
    for (int column = 0; column < bank.width; ++column) {
      values.push_back(static_cast<float>(WeightAt(bank, row, column, channel, filter)));
    }
  }
  return ColorsOf(values.data(), bank.height, bank.width, -scale, scale, &BlueOrange);
}

// The sum of the squared weights of one filter for one channel.
double Strength(const FilterBank& bank, int channel, int filter) {
  double sum = 0;
  for (int row = 0; row < bank.height; ++row) {
    for (int column = 0; column < bank.width; ++column) {
      const double weight = WeightAt(bank, row, column, channel, filter);
      if (std::isfinite(weight)) sum += weight * weight;
    }
  }
  return sum;
}

// Returns the numbers of the strongest, at most `most` of them, the strongest first.
std::vector<int> Strongest(const std::vector<double>& strengths, int most) {
  std::vector<int> numbers(strengths.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  std::stable_sort(numbers.begin(), numbers.end(), [&strengths](int a, int b) {
    return strengths[static_cast<size_t>(a)] > strengths[static_cast<size_t>(b)];
  });
  numbers.resize(std::min(numbers.size(), static_cast<size_t>(most)));
  return numbers;
}

// The filters and channels that a matrix shows: the strongest, or all in their order where there is
// room for all.
struct Chosen {
  std::vector<int> filters;
  std::vector<int> channels;
};

Chosen Choose(const FilterBank& bank) {
  std::vector<double> filters(static_cast<size_t>(bank.filters));
  std::vector<double> channels(static_cast<size_t>(bank.channels));
  for (int filter = 0; filter < bank.filters; ++filter) {
    for (int channel = 0; channel < bank.channels; ++channel) {
      filters[static_cast<size_t>(filter)] += Strength(bank, channel, filter);
    }
  }
  Chosen chosen{.filters = Strongest(filters, kMostFilterRows), .channels = {}};
  for (const int filter : chosen.filters) {
    for (int channel = 0; channel < bank.channels; ++channel) {
      channels[static_cast<size_t>(channel)] += Strength(bank, channel, filter);
    }
  }
  chosen.channels = Strongest(channels, kMostFilterRows);
  return chosen;
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
  if (bank.channels == 1 && bank.filters > kMostFilterTiles) {
    subtitle += Fill(texts.filters_shown, {absl::StrCat(kMostFilterTiles)});
  } else if (bank.channels > 1 && std::max(bank.filters, bank.channels) > kMostFilterRows) {
    subtitle +=
        Fill(texts.filters_strongest, {absl::StrCat(std::min(bank.filters, kMostFilterRows)),
                                       absl::StrCat(std::min(bank.channels, kMostFilterRows))});
  }
  DrawHeading(canvas, Fill(texts.filters_title, {bank.layer}), subtitle);
}

void DrawScale(Canvas& canvas, double height, double scale, Language language) {
  DrawColorBar(canvas, {canvas.width() - kBarRoom + 16, kTop, 18, height}, &BlueOrange,
               RoundMarks(-scale, scale, language));
}

Tile NumberedTile(const FilterBank& bank, int channel, int filter, int number, double scale) {
  return {TileOf(bank, channel, filter, scale),
          {{.text = absl::StrCat(number + 1), .color = kFaintInk}}};
}

// A sheet of tiles with the scale beside them; the caller draws the heading.
Canvas DrawSheet(const std::vector<Tile>& tiles, double scale, Language language) {
  const TileLayout layout{.columns = 8, .side = 81, .gap = 15, .caption_size = kSmallSize};
  const double height = layout.Height(tiles.size());
  Canvas canvas(static_cast<int>(kMargin + layout.Width() + kBarRoom),
                static_cast<int>(kTop + std::max(height, 100.0) + kMargin / 2));
  DrawTiles(canvas, {kMargin, kTop}, layout, tiles);
  DrawScale(canvas, std::max(height, 100.0) - 20, scale, language);
  return canvas;
}

Canvas DrawSingleChannel(const FilterBank& bank, double scale, Language language) {
  std::vector<Tile> tiles;
  for (int filter = 0; filter < std::min(bank.filters, kMostFilterTiles); ++filter) {
    tiles.push_back(NumberedTile(bank, 0, filter, filter, scale));
  }
  Canvas canvas = DrawSheet(tiles, scale, language);
  DrawTitle(canvas, bank, language);
  return canvas;
}

// A tile for each pair of an input channel (row) and a filter (column), with white lines as wide as
// a weight between them: one image, as thousands of small ones would make a large file.
CellColors MatrixOf(const FilterBank& bank, const Chosen& chosen, double scale) {
  const auto channels = static_cast<int>(chosen.channels.size());
  const auto filters = static_cast<int>(chosen.filters.size());
  CellColors matrix{.height = channels * (bank.height + 1) - 1,
                    .width = filters * (bank.width + 1) - 1,
                    .cells = {}};
  for (int y = 0; y < matrix.height; ++y) {
    for (int x = 0; x < matrix.width; ++x) {
      const int row = y % (bank.height + 1);
      const int column = x % (bank.width + 1);
      const int channel = chosen.channels[static_cast<size_t>(y / (bank.height + 1))];
      const int filter = chosen.filters[static_cast<size_t>(x / (bank.width + 1))];
      const bool between = row == bank.height || column == bank.width;
      matrix.cells.push_back(
          between ? kWhite
                  : BlueOrange(0.5 + WeightAt(bank, row, column, channel, filter) / (2 * scale)));
    }
  }
  return matrix;
}

// The numbers of filters below the matrix, of channels beside it.
void DrawNumbers(Canvas& canvas, const Rect& matrix, const Chosen& chosen) {
  const double column = matrix.width / static_cast<double>(chosen.filters.size());
  const double row = matrix.height / static_cast<double>(chosen.channels.size());
  for (size_t i = 0; i < chosen.filters.size(); ++i) {
    canvas.Text({matrix.x + (static_cast<double>(i) + 0.5) * column, matrix.y + matrix.height + 18},
                absl::StrCat(chosen.filters[i] + 1), {.align = Align::kCenter});
  }
  for (size_t i = 0; i < chosen.channels.size(); ++i) {
    canvas.Text({matrix.x - 8, matrix.y + (static_cast<double>(i) + 0.5) * row + 5},
                absl::StrCat(chosen.channels[i] + 1), {.align = Align::kRight});
  }
}

Canvas DrawManyChannels(const FilterBank& bank, double scale, Language language) {
  constexpr double kLeft = 60;
  const Texts& texts = TextsIn(language);
  const Chosen chosen = Choose(bank);
  const CellColors matrix = MatrixOf(bank, chosen, scale);
  const double zoom =
      std::clamp(std::floor(900.0 / std::max(matrix.width, matrix.height)), 1.0, 16.0);
  const double width = matrix.width * zoom;
  const double height = matrix.height * zoom;
  Canvas canvas(static_cast<int>(kLeft + std::max(width, 420.0) + kBarRoom),
                static_cast<int>(kTop + std::max(height, 120.0) + 60));
  DrawTitle(canvas, bank, language);
  canvas.Cells({kLeft, kTop, width, height}, matrix);
  DrawNumbers(canvas, {kLeft, kTop, width, height}, chosen);
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

Canvas DrawOneFilter(const FilterBank& bank, int filter, Language language) {
  CONVOY_CHECK(filter >= 0 && filter < bank.filters);
  const double scale = LargestMagnitude(bank.weights);
  std::vector<double> strengths;
  for (int channel = 0; channel < bank.channels; ++channel) {
    strengths.push_back(Strength(bank, channel, filter));
  }
  std::vector<Tile> tiles;
  for (const int channel : Strongest(strengths, kMostFilterTiles)) {
    tiles.push_back(NumberedTile(bank, channel, filter, channel, scale));
  }
  Canvas canvas = DrawSheet(tiles, scale, language);
  const Texts& texts = TextsIn(language);
  DrawHeading(
      canvas, Fill(texts.one_filter_title, {absl::StrCat(filter + 1), bank.layer}),
      Fill(texts.one_filter_subtitle, {absl::StrCat(tiles.size()), absl::StrCat(bank.channels)}));
  return canvas;
}

}  // namespace convoy::figures
