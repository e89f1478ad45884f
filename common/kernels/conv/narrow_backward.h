// Weight gradients of conv -> ReLU -> 2x2 max-pool with few input channels, stride 1 and kernels 3
// or 5 wide: a network's first layer. With one input channel a patch is too short a vector, so
// output channels go into the lanes instead; each lane picks its input, one of a window's four, by
// a permutation. Input gradients are not computed: nothing is before a first layer.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/kernels/conv/conv2d.h"
#include "common/kernels/conv/winograd.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {

struct NarrowBackwardShape {
  Conv2dGeometry conv;  // its input is the padded image: pad_top and pad_left are 0
  int pooled_height = 0;
  int pooled_width = 0;

  // Floats from one row of squares to the next.
  int64_t square_row() const { return 4 * int64_t{PadChannels(conv.in_width)}; }
};

// Memory of one thread.
struct NarrowBackwardBuffers {
  uint64_t* drawn;  // [in_height]: the columns in which an image has something other than 0
  float* squares;   // one channel of an image: [row, column, 4], four neighbours together
  float* d_weight;  // [KH, KW, IC, OC padded]
  float* d_bias;    // [OC padded]
};
NarrowBackwardBuffers CarveNarrowBackward(const NarrowBackwardShape& shape,
                                          WorkspaceCarver& carver);

// Returns OK, or why these kernels cannot take the convolution.
absl::Status SupportsNarrowBackward(const Conv2dGeometry& conv);

// Sets the sums to 0.
void NarrowBackwardStart(const NarrowBackwardShape& shape, const NarrowBackwardBuffers& buffers);

// Adds one image: src[padded image], codes[windows, OC padded], d_dst[windows, OC].
void NarrowBackwardImage(const NarrowBackwardShape& shape, const float* src, const uint8_t* codes,
                         const float* d_dst, const NarrowBackwardBuffers& buffers);

// d_weight[KH, KW, IC, OC] and d_bias[OC] (may be null) from the sums.
void NarrowBackwardFinish(const NarrowBackwardShape& shape, const NarrowBackwardBuffers& buffers,
                          float* d_weight, float* d_bias);

}  // namespace convoy::kernels
