// The backward pass of a network's first block, conv -> ReLU -> 2x2 max-pool with few input
// channels, by narrow_gradients.h, image by image. Input gradients are not computed: nothing is
// before a first layer.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/kernels/conv/block.h"
#include "common/kernels/conv/padded_images.h"

namespace convoy::kernels {

// Returns OK, or UNIMPLEMENTED with the reason why it does not take the block.
absl::Status SupportsNarrowBackward(const ConvBlockGeometry& g);

// REQUIRES: a 2x2 pool; SupportsNarrowBackward(g) is OK. `images` are the padded images that the
// forward pass reads.
std::unique_ptr<ConvBackward> CreateNarrowBackward(const ConvBlockGeometry& g,
                                                   const PaddedImages& images);

}  // namespace convoy::kernels
