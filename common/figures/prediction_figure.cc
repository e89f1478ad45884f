#include "common/figures/prediction_figure.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace convoy::figures {
namespace {

constexpr double kTop = kHeadingHeight + 4;
constexpr double kRow = 28;
constexpr double kBars = 330;  // a bar of 100%
constexpr size_t kMostClasses = 12;
// The room for classes' names.
constexpr double kLeastNames = 28;
constexpr double kMostNames = 200;

// All classes in their order, or the likeliest ones.
std::vector<size_t> ClassesShown(const std::vector<float>& probabilities) {
  std::vector<size_t> classes(probabilities.size());
  std::iota(classes.begin(), classes.end(), size_t{0});
  if (classes.size() <= kMostClasses) return classes;
  std::stable_sort(classes.begin(), classes.end(),
                   [&](size_t a, size_t b) { return probabilities[a] > probabilities[b]; });
  classes.resize(kMostClasses);
  return classes;
}

std::string NameOf(const Prediction& prediction, size_t number) {
  return number < prediction.names.size() ? prediction.names[number] : absl::StrCat(number);
}

// The room for the widest of the names that are shown.
double NamesWidth(const Prediction& prediction) {
  const Canvas ruler(1, 1);
  double width = 0;
  for (const size_t number : ClassesShown(prediction.probabilities)) {
    const std::string name = NameOf(prediction, number);
    width = std::max(width, ruler.TextWidth(name, {.size = 16, .bold = true}));
  }
  return std::clamp(width, kLeastNames, kMostNames);
}

void DrawBars(Canvas& canvas, const Point& origin, const Prediction& prediction, size_t best,
              Language language) {
  double y = origin.y;
  for (const size_t number : ClassesShown(prediction.probabilities)) {
    const double share = std::clamp(double{prediction.probabilities[number]}, 0.0, 1.0);
    const bool is_best = number == best;
    const TextStyle style{.size = 16, .align = Align::kRight, .bold = is_best};
    canvas.Text({origin.x - 10, y + 18}, canvas.Fit(NameOf(prediction, number), style, kMostNames),
                style);
    canvas.FillRect({origin.x, y + 3, kBars, kRow - 8}, {0.95, 0.95, 0.95});
    canvas.FillRect({origin.x, y + 3, kBars * share, kRow - 8}, is_best ? kBlue : kFaintInk);
    canvas.Text({origin.x + kBars + 10, y + 18}, Percent(language, share, 1), {.bold = is_best});
    y += kRow;
  }
}

}  // namespace

Canvas DrawPrediction(const Prediction& prediction, Language language) {
  CONVOY_CHECK(!prediction.probabilities.empty());
  const Texts& texts = TextsIn(language);
  const auto likeliest =
      std::max_element(prediction.probabilities.begin(), prediction.probabilities.end());
  const auto best = static_cast<size_t>(likeliest - prediction.probabilities.begin());
  std::vector<Tile> tiles;
  if (prediction.photo) {
    tiles.push_back(
        {ColorsOf(*prediction.photo), {{.text = texts.prediction_photo}}, /*framed=*/true});
  }
  tiles.push_back({ColorsOf(prediction.image), {{.text = texts.prediction_image}}});
  const TileLayout layout{.columns = static_cast<int>(tiles.size()), .side = kPhotoSide};
  const double bars_x = kMargin + layout.Width() + 28 + NamesWidth(prediction);
  const double rows = static_cast<double>(std::min(prediction.probabilities.size(), kMostClasses));
  Canvas canvas(static_cast<int>(bars_x + kBars + 92),
                static_cast<int>(kTop + std::max(rows * kRow, layout.RowHeight()) + kMargin));
  DrawHeading(canvas,
              Fill(texts.prediction_title,
                   {NameOf(prediction, best), Percent(language, double{*likeliest}, 1)}),
              prediction.note);
  DrawTiles(canvas, {kMargin, kTop}, layout, tiles);
  DrawBars(canvas, {bars_x, kTop}, prediction, best, language);
  return canvas;
}

}  // namespace convoy::figures
