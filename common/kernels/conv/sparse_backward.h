// The backward pass of conv -> ReLU -> 2x2 max-pool by sparse_gradients.h, which goes over the
// maxima only.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/kernels/conv/block.h"
#include "common/kernels/conv/padded_images.h"

namespace convoy::kernels {

// Returns OK, or UNIMPLEMENTED with the reason why it does not take the block.
absl::Status SupportsSparseBackward(const ConvBlockGeometry& g);

// REQUIRES: a 2x2 pool; SupportsSparseBackward(g) is OK. `images` are the padded images that the
// forward pass reads.
std::unique_ptr<ConvBackward> CreateSparseBackward(const ConvBlockGeometry& g,
                                                   const PaddedImages& images);

}  // namespace convoy::kernels
