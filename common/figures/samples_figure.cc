#include "common/figures/samples_figure.h"

namespace convoy::figures {

Canvas DrawSamples(const std::vector<Sample>& samples, Language language) {
  const TileLayout layout{.caption_size = 18};
  std::vector<Tile> tiles;
  for (const Sample& sample : samples) {
    tiles.push_back({ColorsOf(sample.image), {{.text = sample.label, .bold = true}}});
  }
  constexpr double kTop = 52;  // no second line in the heading
  Canvas canvas(static_cast<int>(layout.Width() + 2 * kMargin),
                static_cast<int>(kTop + layout.Height(tiles.size()) + kMargin / 2));
  DrawHeading(canvas, TextsIn(language).samples_title, "");
  DrawTiles(canvas, {kMargin, kTop}, layout, tiles);
  return canvas;
}

}  // namespace convoy::figures
