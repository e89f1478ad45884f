#include "common/figures/mistakes_figure.h"

#include <algorithm>
#include <utility>

namespace convoy::figures {
namespace {

std::string Caption(const Mistake& mistake, const Texts& texts) {
  return Fill(texts.mistake_caption, {mistake.actual, mistake.predicted});
}

// Whether both classes have room in one line below each image: as a rule digits do, names do not.
bool FitInOneLine(const std::vector<Mistake>& mistakes, const Texts& texts,
                  const TileLayout& layout) {
  const Canvas ruler(1, 1);
  const TextStyle style{.size = layout.caption_size, .bold = true};
  return std::all_of(mistakes.begin(), mistakes.end(), [&](const Mistake& mistake) {
    return ruler.TextWidth(Caption(mistake, texts), style) <= layout.CaptionWidth();
  });
}

}  // namespace

Canvas DrawMistakes(const std::vector<Mistake>& shown, int64_t num_mistakes, Language language) {
  const Texts& texts = TextsIn(language);
  constexpr size_t kFew = 25;
  TileLayout layout{.columns = shown.size() > kFew ? 10 : 5, .gap = 44, .caption_lines = 2};
  const bool one_line = FitInOneLine(shown, texts, layout);
  if (!one_line) ++layout.caption_lines;
  std::vector<Tile> tiles;
  for (const Mistake& mistake : shown) {
    Tile tile{.image = ColorsOf(mistake.image), .caption = {}};
    if (one_line) {
      tile.caption.push_back({.text = Caption(mistake, texts), .bold = true});
    } else {
      tile.caption.push_back({.text = Fill(texts.mistake_actual, {mistake.actual}), .bold = true});
      tile.caption.push_back(
          {.text = Fill(texts.mistake_predicted, {mistake.predicted}), .bold = true});
    }
    tile.caption.push_back(
        {.text = Fill(texts.confidence, {Percent(language, mistake.confidence, 1)}),
         .color = kFaintInk});
    tiles.push_back(std::move(tile));
  }
  Canvas canvas(static_cast<int>(layout.Width() + 2 * kMargin + layout.gap / 2),
                static_cast<int>(kHeadingHeight + 8 + layout.Height(tiles.size()) + kMargin / 2));
  DrawHeading(canvas, texts.mistakes_title,
              tiles.empty() ? texts.no_mistakes
                            : Fill(texts.mistakes_subtitle,
                                   {Count(language, num_mistakes),
                                    Count(language, static_cast<int64_t>(shown.size()))}));
  DrawTiles(canvas, {kMargin + layout.gap / 4, kHeadingHeight + 8}, layout, tiles);
  return canvas;
}

}  // namespace convoy::figures
