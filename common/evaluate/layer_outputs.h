// What every layer of a trained network makes of one image, for those who want to look inside.
#pragma once

#include <cstdint>
#include <vector>

#include "common/evaluate/loaded_model.h"

namespace convoy::evaluate {

// Returns the output of each layer, in the network's order and of the layer's shape, for `pixels`
// [height, width, channels], without dropout; of the last layer the probabilities. Computed by the
// plain reference kernels, as the fast ones keep nothing between the layers that they fuse: slow,
// and equal to Predictor's answers only up to rounding.
std::vector<std::vector<float>> LayerOutputs(const LoadedModel& model, const uint8_t* pixels);

}  // namespace convoy::evaluate
