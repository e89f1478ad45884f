// The fast blocks: convolution, bias, ReLU and 2x2 max-pool in one pass over each image, by
// Winograd's method (winograd.h) or directly (direct_conv.h). Their backward pass through a pool
// goes over the maxima only (sparse_backward.h, narrow_backward.h); without a pool it is dense.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/kernels/conv/conv_block.h"

namespace convoy::kernels {

// Kernels 3x3, stride 1, at least eight input channels, ReLU, no pool or one of 2x2 with stride 2.
absl::Status SupportsWinogradBlock(const ConvBlockGeometry& geometry);
std::unique_ptr<ConvBlock> CreateWinogradBlock(const ConvBlockGeometry& geometry);

// Any kernel and stride, ReLU, no pool or one of 2x2 with stride 2.
absl::Status SupportsDirectBlock(const ConvBlockGeometry& geometry);
std::unique_ptr<ConvBlock> CreateDirectBlock(const ConvBlockGeometry& geometry);

}  // namespace convoy::kernels
