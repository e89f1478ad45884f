// An optimizer's slots have room for all parameters; checkpoints hold those of the trained ones.
#pragma once

#include <vector>

#include "common/nn/network.h"

namespace convoy::train {

// Removes from a slot [num_parameters] what stands at parameters that are not trained.
void KeepTrainable(const nn::Network& network, std::vector<float>* slot);

// The way back: copies values [num_trainable] to their places in slot [num_parameters]; the rest
// stays as it is.
void CopyFromTrainable(const nn::Network& network, const std::vector<float>& values, float* slot);

}  // namespace convoy::train
