#include "common/figures/report/figure_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/i18n/translate.h"

namespace convoy::gallery {
namespace {

int CountOr(const FigureChoice& choice, int usual) {
  return choice.count > 0 ? choice.count : usual;
}

}  // namespace

const std::vector<FigureKind>& FigureKinds() {
  static const auto* const kKinds = new std::vector<FigureKind>{
      {"samples",
       Marked("the first training images with their labels"),
       {.data = true, .count = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.Samples(CountOr(choice, kTiles));
       }},
      {"curves",
       Marked("accuracy and loss over the epochs"),
       {.history = true},
       [](Gallery& gallery, const FigureChoice&) { return gallery.Curves(); }},
      {"confusion",
       Marked("true classes against predicted ones, with counts"),
       {.model = true, .data = true, .by_row = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.Confusion(choice.by_row);
       }},
      {"mistakes",
       Marked("misread test images, the surest mistakes first"),
       {.model = true, .data = true, .count = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.Mistakes(CountOr(choice, kTiles));
       }},
      {"filters",
       Marked("the weights of a convolution layer"),
       {.model = true, .layer = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.Filters(choice.layer, choice.filter);
       }},
      {"feature-maps",
       Marked("what a layer makes of an image"),
       {.model = true, .data = true, .layer = true, .image = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.FeatureMaps(choice.layer, choice.image, choice.filter);
       }},
      {"occlusion",
       Marked("which parts of an image the answer hangs on"),
       {.model = true, .data = true, .image = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.Occlusion(choice.image);
       }},
      {"noise",
       Marked("test images with gaussian noise and what is read in them"),
       {.model = true, .data = true, .count = true, .level = true},
       [](Gallery& gallery, const FigureChoice& choice) {
         return gallery.NoisyImages(choice.level, CountOr(choice, kNoisyImages));
       }},
      {"noise-curve",
       Marked("accuracy against the level of noise"),
       {.model = true, .data = true},
       [](Gallery& gallery, const FigureChoice&) -> absl::StatusOr<figures::Canvas> {
         CONVOY_ASSIGN_OR_RETURN(figures::NoiseCurve curve, gallery.NoiseCurve(NoiseLevels()));
         return figures::DrawNoiseCurves({std::move(curve)}, gallery.language());
       }},
  };
  return *kKinds;
}

absl::StatusOr<const FigureKind*> FindFigure(const std::string& name) {
  std::vector<std::string> names;
  for (const FigureKind& kind : FigureKinds()) {
    if (kind.name == name) return &kind;
    names.push_back(kind.name);
  }
  const std::string near = NearestName(name, names);
  const std::string list = absl::StrJoin(names, ", ");
  return near.empty() ? TextError(absl::StatusCode::kInvalidArgument,
                                  "there is no figure '$0'; there are $1", name, list)
                      : TextError(absl::StatusCode::kInvalidArgument,
                                  "there is no figure '$0'; there are $1; did you mean '$2'?", name,
                                  list, near);
}

}  // namespace convoy::gallery
