// The block that takes every convolution, with or without ReLU: im2col.h, image by image.
#pragma once

#include <memory>

#include "common/kernels/conv/block.h"

namespace convoy::kernels {

// REQUIRES: no pool.
std::unique_ptr<ConvBlock> CreateIm2colBlock(const ConvBlockGeometry& geometry);

// Its backward pass, also for other forward passes. REQUIRES: no pool.
std::unique_ptr<ConvBackward> CreateIm2colBackward(const ConvBlockGeometry& geometry);

}  // namespace convoy::kernels
