// Weight gradients of conv -> ReLU -> 2x2 max-pool with few input channels, stride 1 and kernels 3
// or 5 wide: a network's first layer. With one input channel a patch is too short a vector, so
// output channels go into the lanes instead; each lane picks its input, one of a window's four, by
// a permutation. Input gradients are not computed: nothing is before a first layer.
#pragma once

#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/simd/channel_padding.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {

struct NarrowGradientShape {
  Conv2dGeometry conv;  // its input is the padded image: pad_top and pad_left are 0
  int pooled_height = 0;
  int pooled_width = 0;

  // Floats from one row of quads to the next.
  int64_t quad_row() const { return 4 * int64_t{PadChannels(conv.in_width)}; }
};

// Memory of one thread.
struct NarrowGradientBuffers {
  uint64_t* nonzero;  // [in_height]: the columns in which an image has something other than 0
  float* quads;       // one channel of an image: [row, column, 4], four neighbours together
  float* d_weight;    // [KH, KW, IC, OC padded]
  float* d_bias;      // [OC padded]
};
NarrowGradientBuffers CarveNarrowGradients(const NarrowGradientShape& shape,
                                           WorkspaceCarver& carver);

// Sets the sums to 0.
void NarrowGradientsStart(const NarrowGradientShape& shape, const NarrowGradientBuffers& buffers);

// Adds one image: src[padded image], codes[windows, OC padded], d_dst[windows, OC].
void NarrowGradientsImage(const NarrowGradientShape& shape, const float* src, const uint8_t* codes,
                          const float* d_dst, const NarrowGradientBuffers& buffers);

// d_weight[KH, KW, IC, OC] and d_bias[OC] (may be null) from the sums.
void NarrowGradientsFinish(const NarrowGradientShape& shape, const NarrowGradientBuffers& buffers,
                           float* d_weight, float* d_bias);

}  // namespace convoy::kernels
