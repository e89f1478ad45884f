// A layer's output beside the image that caused it: a grid of maps for a convolution, rows of cells
// for units. All maps share one scale, so that a dead filter looks dead.
#include "common/figures/feature_maps_figure.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/figures/axes.h"

namespace convoy::figures {
namespace {

constexpr int64_t kMostMaps = 32;
constexpr double kOnlySide = 420;  // of a map that is shown alone
constexpr int64_t kMostUnits = 4096;
constexpr double kTop = kHeadingHeight + 8;
constexpr double kInputSide = 140;
constexpr double kLeft = kMargin + kInputSide + 36;  // of the maps
constexpr double kBarRoom = 100;

struct Scale {
  double low = 0;
  double high = 1;
};

// From 0, unless there are negative values: then zero is in the middle.
Scale ScaleOf(const std::vector<float>& values) {
  Scale scale{.low = 0, .high = 0};
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    scale.low = std::min(scale.low, double{value});
    scale.high = std::max(scale.high, double{value});
  }
  if (scale.high <= scale.low) scale.high = scale.low + 1;
  if (scale.low < 0) {
    scale.high = std::max(scale.high, -scale.low);
    scale.low = -scale.high;
  }
  return scale;
}

// The maps to show: the one that is asked for, all in their order, or the strongest.
std::vector<int64_t> ChooseMaps(const LayerOutput& output) {
  if (output.only >= 0) return {output.only};
  const auto maps = static_cast<size_t>(output.shape[2]);
  std::vector<int64_t> numbers(maps);
  std::iota(numbers.begin(), numbers.end(), 0);
  if (static_cast<int64_t>(maps) <= kMostMaps) return numbers;
  std::vector<double> strengths(maps);
  for (size_t i = 0; i < output.values.size(); ++i) {
    const double value = output.values[i];
    if (std::isfinite(value)) strengths[i % maps] += value * value;
  }
  std::stable_sort(numbers.begin(), numbers.end(), [&strengths](int64_t a, int64_t b) {
    return strengths[static_cast<size_t>(a)] > strengths[static_cast<size_t>(b)];
  });
  numbers.resize(kMostMaps);
  return numbers;
}

struct Parts {
  double width = 0;
  double height = 0;
  int64_t shown = 0;
  int64_t of = 0;
};

class Figure {
 public:
  Figure(const LayerOutput& output, Language language)
      : output_(output), language_(language), scale_(ScaleOf(output.values)) {
    const bool maps = output.shape.size() == 3;
    parts_.of = maps ? output.shape[2] : output.shape[0];
    if (maps) chosen_ = ChooseMaps(output);
    parts_.shown = maps ? static_cast<int64_t>(chosen_.size()) : std::min(parts_.of, kMostUnits);
    maps ? MeasureMaps() : MeasureUnits();
  }

  Canvas Draw(const PixelImage& image, const std::string& label) {
    Canvas canvas(static_cast<int>(kLeft + std::max(parts_.width, 330.0) + kBarRoom),
                  static_cast<int>(kTop + BarHeight() + kMargin));
    DrawTitle(canvas);
    const Texts& texts = TextsIn(language_);
    const TileLayout input{.columns = 1, .side = kInputSide, .caption_lines = 2};
    Tile tile{ColorsOf(image), {{.text = texts.input}}};
    if (!label.empty()) {
      tile.caption.push_back({.text = Fill(texts.input_caption, {label}), .bold = true});
    }
    DrawTiles(canvas, {kMargin, kTop}, input, {tile});
    output_.shape.size() == 3 ? DrawMaps(canvas) : DrawUnits(canvas);
    DrawColorBar(canvas, {canvas.width() - kBarRoom + 16, kTop, 18, BarHeight()}, Colors(),
                 RoundMarks(scale_.low, scale_.high, language_));
    return canvas;
  }

 private:
  void MeasureMaps() {
    layout_ = {.columns = static_cast<int>(std::min<int64_t>(parts_.shown, 8)),
               .side = output_.only < 0 ? 84 : kOnlySide,
               .gap = 12,
               .caption_lines = 1,
               .caption_size = kSmallSize};
    parts_.width = layout_.Width();
    parts_.height = layout_.Height(static_cast<size_t>(parts_.shown)) - 4;
  }

  void MeasureUnits() {
    columns_ = parts_.shown <= 16 ? parts_.shown : parts_.shown <= 512 ? 16 : 64;
    const int64_t rows = (parts_.shown + columns_ - 1) / columns_;
    cell_ = columns_ == 64 ? 12 : 40;
    parts_.width = static_cast<double>(columns_) * cell_;
    parts_.height = static_cast<double>(rows) * cell_;
  }

  ColorMap Colors() const { return scale_.low < 0 ? &BlueOrange : &Viridis; }

  double BarHeight() const { return std::max(parts_.height, kInputSide + 50); }

  void DrawTitle(Canvas& canvas) const {
    const Texts& texts = TextsIn(language_);
    std::string subtitle = Fill(texts.maps_subtitle, {output_.type, ShapeToString(output_.shape)});
    if (output_.only >= 0) {
      return DrawHeading(canvas,
                         Fill(texts.one_map_title, {absl::StrCat(output_.only + 1), output_.layer}),
                         subtitle);
    }
    if (parts_.shown < parts_.of) {
      subtitle += Fill(chosen_.empty() ? texts.maps_shown : texts.maps_strongest,
                       {Count(language_, parts_.shown), Count(language_, parts_.of)});
    }
    DrawHeading(canvas, Fill(texts.maps_title, {output_.layer}), subtitle);
  }

  void DrawMaps(Canvas& canvas) const {
    const auto height = static_cast<int>(output_.shape[0]);
    const auto width = static_cast<int>(output_.shape[1]);
    std::vector<Tile> tiles;
    for (const int64_t map : chosen_) {
      std::vector<float> values;
      for (int64_t i = 0; i < int64_t{height} * width; ++i) {
        values.push_back(output_.values[static_cast<size_t>(i * parts_.of + map)]);
      }
      tiles.push_back({ColorsOf(values.data(), height, width, scale_.low, scale_.high, Colors()),
                       {{.text = absl::StrCat(map + 1), .color = kFaintInk}}});
    }
    DrawTiles(canvas, {kLeft, kTop}, layout_, tiles);
  }

  // With their numbers where there are few, as for a last layer's classes.
  void DrawUnits(Canvas& canvas) const {
    for (int64_t unit = 0; unit < parts_.shown; ++unit) {
      const double value = output_.values[static_cast<size_t>(unit)];
      const Color color = Colors()((value - scale_.low) / (scale_.high - scale_.low));
      const Rect cell{kLeft + static_cast<double>(unit % columns_) * cell_,
                      kTop + static_cast<double>(unit / columns_) * cell_, cell_ - 1, cell_ - 1};
      canvas.FillRect(cell, color);
      if (cell_ < 40) continue;
      canvas.Text({cell.x + cell_ / 2, cell.y + cell_ / 2 + 4}, absl::StrCat(unit + UnitBase()),
                  {.size = kSmallSize, .align = Align::kCenter, .color = InkOn(color)});
    }
  }

  // Classes are counted from 0, units and maps from 1.
  int64_t UnitBase() const { return output_.is_classes ? 0 : 1; }

  const LayerOutput& output_;
  Language language_;
  Scale scale_;
  Parts parts_;
  std::vector<int64_t> chosen_;  // the maps that are shown; empty for units
  TileLayout layout_;
  int64_t columns_ = 1;
  double cell_ = 0;
};

}  // namespace

Canvas DrawFeatureMaps(const PixelImage& image, const std::string& label, const LayerOutput& output,
                       Language language) {
  int64_t elems = 1;
  for (const int64_t size : output.shape) elems *= size;
  CONVOY_CHECK_EQ(static_cast<int64_t>(output.values.size()), elems);
  CONVOY_CHECK(output.shape.size() == 3 || output.shape.size() == 1);
  CONVOY_CHECK(output.only < 0 || (output.shape.size() == 3 && output.only < output.shape[2]));
  return Figure(output, language).Draw(image, label);
}

}  // namespace convoy::figures
