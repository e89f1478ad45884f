// The forward pass of convolution + bias (+ ReLU (+ 2x2 max-pool)) by Winograd's method
// (winograd.h).
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/kernels/conv/block.h"
#include "common/kernels/conv/padded_images.h"
#include "common/kernels/conv/winograd.h"

namespace convoy::kernels {

// Returns OK, or UNIMPLEMENTED with the reason why it does not take the block: windows that are not
// 3x3, a stride, fewer than eight input channels, an image too large.
absl::Status SupportsWinogradForward(const ConvBlockGeometry& g);

// Returns the tiles of the block's outputs. REQUIRES: SupportsWinogradForward(g) is OK.
WinogradShape WinogradShapeOf(const ConvBlockGeometry& g);

// `images` are padded images with at least the rows and columns that the tiles read.
std::unique_ptr<ConvForward> CreateWinogradForward(const ConvBlockGeometry& g,
                                                   const WinogradShape& shape,
                                                   const PaddedImages& images);

}  // namespace convoy::kernels
