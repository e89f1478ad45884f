// The dense backward pass of convolution + bias (+ ReLU) by Winograd's method, for a block without
// a pool (winograd_gradients.h has the steps).
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/kernels/conv/block.h"
#include "common/kernels/conv/padded_images.h"
#include "common/kernels/conv/winograd.h"

namespace convoy::kernels {

// Returns OK, or UNIMPLEMENTED with the reason why it cannot be used for a block that Winograd's
// forward pass takes.
absl::Status SupportsWinogradBackward(const ConvBlockGeometry& g, const WinogradShape& shape);

// REQUIRES: SupportsWinogradBackward(g, shape) is OK, no pool. `images` are the padded images that
// the forward pass with `shape` reads.
std::unique_ptr<ConvBackward> CreateWinogradBackward(const ConvBlockGeometry& g,
                                                     const WinogradShape& shape,
                                                     const PaddedImages& images);

}  // namespace convoy::kernels
