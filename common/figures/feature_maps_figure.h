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
};

// Draws the image beside the layer's output, all of it on one scale: a map a channel, or a row of
// units as a grid of cells, to be read as text is. At most 64 maps or 4,096 units are shown, and
// the figure says so where there are more. `label` is the image's true class, "" if it is
// unknown.
Canvas DrawFeatureMaps(const PixelImage& image, const std::string& label, const LayerOutput& output,
                       Language language);

}  // namespace convoy::figures
