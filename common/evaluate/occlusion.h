// Which parts of an image a network's answer hangs on: parts are covered, one after another, and
// the probability of the answer is asked anew. It needs no look inside, so it holds for every
// network. Source: Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/evaluate/loaded_model.h"

namespace convoy::evaluate {

struct Occlusion {
  int height = 0;  // of the image, as the next
  int width = 0;
  int side = 0;            // of the squares that cover, in pixels
  int label = 0;           // the network's answer to the whole image
  double probability = 0;  // that it gives it
  // By how much the answer's probability drops when a pixel is covered, [height, width]: the mean
  // over all squares that cover it. Negative where it rises.
  std::vector<float> drops;
  // The square that costs the answer most, by its upper left corner, and what is read without it.
  int top = 0;
  int left = 0;
  int label_without = 0;
  double probability_without = 0;  // of `label`, not of `label_without`
};

// Covers squares of a fifth of the image's shorter side, at most some 1,000 of them, evenly spaced,
// with the colour of the image's edge (the median of its pixels, channel by channel). `pixels`
// [height, width, channels]. The result does not depend on the threads.
Occlusion Occlude(const std::shared_ptr<const LoadedModel>& model, const uint8_t* pixels,
                  int threads);

}  // namespace convoy::evaluate
