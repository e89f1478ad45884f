// What a network's answer hangs on: an image beside what it costs to cover each part of it.
#pragma once

#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct OcclusionMap {
  PixelImage image;
  std::string actual;        // the image's true class; "" where it is unknown
  std::string answer;        // the network's
  double probability = 0;    // that it gives it
  std::vector<float> drops;  // of that probability where a pixel is covered, [height, width]
  // The square that costs most, in pixels of the image, and what is read without it.
  int side = 0;
  int top = 0;
  int left = 0;
  std::string answer_without;
  double probability_without = 0;  // of `answer`
};

// Draws the image with the dearest square framed, beside the map: orange where the answer hangs on
// the pixel, blue where covering it makes the network surer.
Canvas DrawOcclusion(const OcclusionMap& map, Language language);

}  // namespace convoy::figures
