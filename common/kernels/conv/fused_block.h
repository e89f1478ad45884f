// The fast blocks: convolution, bias, ReLU and 2x2 max-pool in one pass over each image, by
// Winograd's method (winograd.h), which may also do without the ReLU, or directly (direct.h). Their
// backward pass through a pool goes over the maxima only (sparse_backward.h, narrow_backward.h);
// without a pool it is dense.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/kernels/conv/block.h"

namespace convoy::kernels {

// Windows 3x3, stride 1, at least eight input channels; ReLU and a pool of 2x2 with stride 2, ReLU
// alone, or neither. Returns UNIMPLEMENTED with the reason for a block that it does not take.
absl::StatusOr<std::unique_ptr<ConvBlock>> CreateWinogradBlock(const ConvBlockGeometry& g);

// Any window and stride, ReLU, no pool or one of 2x2 with stride 2. Returns UNIMPLEMENTED likewise.
absl::StatusOr<std::unique_ptr<ConvBlock>> CreateDirectBlock(const ConvBlockGeometry& g);

}  // namespace convoy::kernels
