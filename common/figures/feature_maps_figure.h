// What a layer makes of an image: its real feature maps, as the notebook's section 6 would like to
// show them.
#pragma once

#include <string>
#include <vector>

#include "common/base/shape.h"
#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct LayerOutput {
  std::string layer;
  std::string type;           // Keras's class name
  Shape shape;                // [height, width, channels] or [units]
  std::vector<float> values;  // of `shape`
  bool is_classes = false;    // the network's last layer, whose units are classes
  int only = -1;              // the one map to show, counted from 0; -1: all
};

// Draws the image beside the layer's output, all of it on one scale: a map a channel, or a row of
// units as a grid of cells, to be read as text is. Of more than 32 maps the 32 strongest are shown
// (by the sum of squares), the strongest first, of units the first 4,096; the figure says so. Where
// there are negative values, blue is negative and orange positive. `label` is the image's true
// class, "" if it is unknown.
Canvas DrawFeatureMaps(const PixelImage& image, const std::string& label, const LayerOutput& output,
                       Language language);

}  // namespace convoy::figures
