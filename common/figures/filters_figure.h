// The filters of a convolution layer: its real, trained weights, as the notebook's section 6 would
// like to show them.
#pragma once

#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct FilterBank {
  std::string layer;
  int height = 0;
  int width = 0;
  int channels = 0;
  int filters = 0;
  std::vector<float> weights;  // [height, width, channels, filters], as Keras has them
};

// Draws all filters on one scale, blue for negative weights, orange for positive. With one input
// channel each filter is a tile; with several, a column of small tiles, one a channel. At most 64
// filters and 64 channels are shown, and the figure says so where there are more.
Canvas DrawFilters(const FilterBank& bank, Language language);

}  // namespace convoy::figures
