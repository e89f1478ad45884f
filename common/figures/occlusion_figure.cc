#include "common/figures/occlusion_figure.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/figures/axes.h"

namespace convoy::figures {
namespace {

constexpr double kOcclusionTop = kHeadingHeight + 8;
constexpr double kPictureSide = 280;
constexpr double kPictureGap = 32;
constexpr double kScaleRoom = 100;
// So that nothing looks weighty in an image of which no part is.
constexpr double kLeastDrop = 0.05;

double LargestDrop(const std::vector<float>& drops) {
  double largest = kLeastDrop;
  for (const float drop : drops) largest = std::max(largest, std::abs(double{drop}));
  return largest;
}

// In the image's own caption: its class, and what the framed square costs.
std::vector<CaptionLine> ImageCaption(const OcclusionMap& map, const Texts& texts,
                                      Language language) {
  std::vector<CaptionLine> lines;
  lines.push_back({.text = map.answer_without == map.answer
                               ? Fill(texts.occlusion_less_sure,
                                      {Percent(language, map.probability_without, 1)})
                               : Fill(texts.occlusion_read_as, {map.answer_without}),
                   .color = kVermilion});
  if (!map.actual.empty()) {
    lines.push_back({.text = Fill(texts.input_caption, {map.actual}), .bold = true});
  }
  return lines;
}

// The dearest square in an image that stands at `place`.
Rect FrameIn(const Rect& place, const OcclusionMap& map) {
  const double pixel = place.width / map.image.width;
  return {place.x + map.left * pixel, place.y + map.top * pixel, map.side * pixel,
          map.side * pixel};
}

}  // namespace

Canvas DrawOcclusion(const OcclusionMap& map, Language language) {
  const PixelImage& image = map.image;
  CONVOY_CHECK_EQ(static_cast<int64_t>(map.drops.size()), int64_t{image.height} * image.width);
  const Texts& texts = TextsIn(language);
  const TileLayout layout{
      .columns = 2, .side = kPictureSide, .gap = kPictureGap, .caption_lines = 2};
  Canvas canvas(static_cast<int>(kMargin + layout.Width() + kScaleRoom),
                static_cast<int>(kOcclusionTop + layout.RowHeight() + kMargin));
  const std::string side = absl::StrCat(map.side);
  DrawHeading(canvas, Fill(texts.occlusion_title, {map.answer}),
              Fill(texts.occlusion_subtitle,
                   {map.answer, Percent(language, map.probability, 1), side, side}));
  const double scale = LargestDrop(map.drops);
  DrawTiles(canvas, {kMargin, kOcclusionTop}, layout,
            {{ColorsOf(image), ImageCaption(map, texts, language), /*framed=*/true},
             {ColorsOf(map.drops.data(), image.height, image.width, -scale, scale, &BlueOrange),
              {{.text = texts.occlusion_map}},
              /*framed=*/true}});
  const Rect place =
      DrawImage(canvas, {kMargin, kOcclusionTop, kPictureSide, kPictureSide}, ColorsOf(image));
  canvas.StrokeRect(FrameIn(place, map), {.color = kVermilion, .width = 3});
  DrawColorBar(canvas, {canvas.width() - kScaleRoom + 16, kOcclusionTop, 18, kPictureSide},
               &BlueOrange, RoundMarks(-scale, scale, language));
  return canvas;
}

}  // namespace convoy::figures
