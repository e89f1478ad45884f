// One prediction: what the network saw and the probability of each class.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct Prediction {
  std::optional<PixelImage> photo;   // the picture before it was prepared
  PixelImage image;                  // as the network saw it
  std::vector<float> probabilities;  // [num_classes]
  std::string note;                  // a line on what was done to the picture; may be empty
};

// Draws bars for the classes; for more than 12 those of the 12 likeliest.
// REQUIRES: there is a class.
Canvas DrawPrediction(const Prediction& prediction, Language language);

}  // namespace convoy::figures
