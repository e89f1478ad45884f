#include "common/figures/preview_figure.h"

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace convoy::figures {

Canvas DrawPreview(const std::vector<PreviewRow>& rows, Language language) {
  CONVOY_CHECK(!rows.empty());
  const Texts& texts = TextsIn(language);
  const TileLayout layout{.columns = static_cast<int>(rows[0].epochs.size()) + 1, .gap = 30};
  std::vector<Tile> tiles;
  for (const PreviewRow& row : rows) {
    CONVOY_CHECK_EQ(row.epochs.size(), rows[0].epochs.size());
    tiles.push_back({ColorsOf(row.original), {{.text = texts.preview_original, .bold = true}}});
    for (size_t epoch = 0; epoch < row.epochs.size(); ++epoch) {
      tiles.push_back(
          {ColorsOf(row.epochs[epoch]), {{.text = absl::StrCat(texts.epoch, " ", epoch + 1)}}});
    }
  }
  constexpr double kTop = 52;  // no second line in the heading
  Canvas canvas(static_cast<int>(layout.Width() + 2 * kMargin),
                static_cast<int>(kTop + layout.Height(tiles.size()) + kMargin / 2));
  DrawHeading(canvas, texts.preview_title, "");
  DrawTiles(canvas, {kMargin, kTop}, layout, tiles);
  return canvas;
}

}  // namespace convoy::figures
