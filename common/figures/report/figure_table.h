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
  ShownImage image;            // of feature maps
  int count = 0;               // of galleries; 0: as many as the notebook shows
  double level = kNoiseLevel;  // of noisy images
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
