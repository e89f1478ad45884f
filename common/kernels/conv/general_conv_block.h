// The block that takes every geometry: conv2d.h, then ReLU, then max_pool.h, a few images at a
// time.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/kernels/conv/conv_block.h"

namespace convoy::kernels {

// Always OK.
absl::Status SupportsGeneralBlock(const ConvBlockGeometry& geometry);

std::unique_ptr<ConvBlock> CreateGeneralBlock(const ConvBlockGeometry& geometry);

}  // namespace convoy::kernels
