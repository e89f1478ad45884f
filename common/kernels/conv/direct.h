// Direct convolution + bias + ReLU (+ 2x2 max-pool) of one image without unrolling it: a few
// windows of outputs for a few vectors of output channels stay in registers while the kernel passes
// over. Best where there are few input channels; right for any kernel and stride.
#pragma once

#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"

namespace convoy::kernels {

struct DirectConvShape {
  Conv2dGeometry conv;  // its input is the padded image: pad_top and pad_left are 0
  bool pooled = false;
  int height = 0;  // of the block's output: pooled, or conv.out_height x conv.out_width >= 2 x 2
  int width = 0;
};

// Floats of the weights as DirectConvWeights arranges them: [KH, KW, IC, OC padded].
int64_t DirectConvWeightFloats(const Conv2dGeometry& conv);
void DirectConvWeights(const Conv2dGeometry& conv, const float* weight, float* arranged);

// dst[height, width, OC] from the padded image src. bias[OC padded]; codes[height, width, OC
// padded] (argmax_codes.h) may be null and is not used unless pooled.
void DirectConvForward(const DirectConvShape& shape, const float* src, const float* arranged,
                       const float* bias, float* dst, uint8_t* codes);

}  // namespace convoy::kernels
