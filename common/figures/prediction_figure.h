// One prediction: what the network saw and the probability of each class.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

// The side of the square that a picture is shown in, in pixels.
inline constexpr int kPhotoSide = 224;

struct Prediction {
  // The picture before it was prepared; best not larger than kPhotoSide.
  std::optional<PixelImage> photo;
  PixelImage image;                  // as the network saw it
  std::vector<float> probabilities;  // [num_classes]
  std::vector<std::string> names;    // [num_classes], or empty: numbers
  std::string note;                  // a line on what was done to the picture; may be empty
};

// Draws bars for the classes; for more than 12 those of the 12 likeliest.
// REQUIRES: there is a class.
Canvas DrawPrediction(const Prediction& prediction, Language language);

}  // namespace convoy::figures
