// What the forward pass of a fused block keeps of each pooled output for the backward pass: one
// byte that says where in its 2x2 window the maximum was, or that ReLU let nothing through.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// Codes 0 to 3 are row + 2 * column of the maximum in its window, the first in row-major order of
// equals; kDeadCode says that the output is 0 and has no gradient.
inline constexpr uint8_t kDeadCode = 4;

}  // namespace convoy::kernels
