// What a network costs, from its shapes alone.
#pragma once

#include <cstdint>

#include "common/nn/layer.h"
#include "common/nn/network.h"

namespace convoy::nn {

// Returns the multiplications of the layer for one image forward, as its formula says; fast ways to
// compute it may need fewer. Layers without weights that are multiplied count none.
int64_t Multiplications(const Layer& layer);
int64_t Multiplications(const Network& network);

// Returns the numbers that the outputs of all layers are, for one image.
int64_t OutputElems(const Network& network);

}  // namespace convoy::nn
