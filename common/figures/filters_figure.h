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

// Draws filters on one scale, blue for negative weights, orange for positive. With one input
// channel each filter is a tile, at most 64 of them. With several, a filter is a column of small
// tiles, one a channel: of the 16 filters with the largest weights (by the sum of squares) the 16
// channels with the largest ones, the strongest first. The figure says so where there are more.
Canvas DrawFilters(const FilterBank& bank, Language language);

// Draws one filter, counted from 0: a tile an input channel, the strongest first, at most 64 of
// them. REQUIRES: there is such a filter.
Canvas DrawOneFilter(const FilterBank& bank, int filter, Language language);

}  // namespace convoy::figures
