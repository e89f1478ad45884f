#include "common/figures/mistakes_figure.h"

namespace convoy::figures {

Canvas DrawMistakes(const std::vector<Mistake>& shown, int64_t num_mistakes, Language language) {
  const Texts& texts = TextsIn(language);
  constexpr size_t kFew = 25;
  const TileLayout layout{.columns = shown.size() > kFew ? 10 : 5, .gap = 44, .caption_lines = 2};
  std::vector<Tile> tiles;
  for (const Mistake& mistake : shown) {
    tiles.push_back(
        {ColorsOf(mistake.image),
         {{.text = Fill(texts.mistake_caption, {mistake.actual, mistake.predicted}), .bold = true},
          {.text = Fill(texts.confidence, {Percent(language, mistake.confidence, 1)}),
           .color = kFaintInk}}});
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
