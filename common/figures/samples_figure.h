// The sample gallery: images of a data set with their labels, as the notebook's section 2.
#pragma once

#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct Sample {
  PixelImage image;
  std::string label;
};

// Five a row, in the given order.
Canvas DrawSamples(const std::vector<Sample>& samples, Language language);

}  // namespace convoy::figures
