// The figures by name, as `convoy figure NAME` draws them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/figures/report/gallery.h"

namespace convoy::gallery {

// What a figure is to show, where there is a choice.
struct FigureChoice {
  std::string layer;           // of filters and feature maps; "": the first that can be shown
  ShownImage image;            // of feature maps and occlusion
  int count = 0;               // of galleries; 0: as many as the notebook shows
  double level = kNoiseLevel;  // of noisy images
  int64_t filter = 0;          // the only one to show of filters and feature maps, from 1; 0: all
  bool by_row = false;         // of confusion: shares instead of counts
};

// What a figure takes.
struct FigureNeeds {
  bool model = false;
  bool history = false;
  bool data = false;
  bool layer = false;
  bool image = false;
  bool count = false;
  bool level = false;
  bool by_row = false;
};

struct FigureKind {
  std::string name;
  std::string summary;  // a few words
  FigureNeeds needs;
  absl::StatusOr<figures::Canvas> (*draw)(Gallery&, const FigureChoice&);
};

// All figures, in the notebook's order. Lives for ever.
const std::vector<FigureKind>& FigureKinds();

// Returns the figure of this name. Returns INVALID_ARGUMENT, which lists all names, if there is
// none.
absl::StatusOr<const FigureKind*> FindFigure(const std::string& name);

}  // namespace convoy::gallery
