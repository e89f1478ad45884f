// The forward pass of convolution + bias + ReLU (+ 2x2 max-pool) by direct.h, image by image.
#pragma once

#include <memory>

#include "common/kernels/conv/block.h"
#include "common/kernels/conv/padded_images.h"

namespace convoy::kernels {

// Returns the padded images that the pass reads.
PaddedImages DirectImages(const ConvBlockGeometry& g);

// REQUIRES: ReLU, no pool or one of 2x2 with stride 2, outputs of the convolution at least 2 x 2.
std::unique_ptr<ConvForward> CreateDirectForward(const ConvBlockGeometry& g,
                                                 const PaddedImages& images);

}  // namespace convoy::kernels
