// 2-D convolution of any window, stride and padding: an image is unrolled into columns (im2col) and
// multiplied by OpenBLAS, one image at a time, so that the columns stay in the L2 cache.
//
// Letters: IH IW IC height, width and channels of the input, OH OW OC of the output, KH KW of the
// window. Images are NHWC, weights HWIO, as in Keras. All functions are thread-safe with a
// workspace for each thread; nothing is allocated.
#pragma once

#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"

namespace convoy::kernels {

// Returns how many floats of workspace the functions need.
int64_t Im2colWorkspaceFloats(const Conv2dGeometry& g);

// Of one image: dst[OH, OW, OC] = src[IH, IW, IC] * weight[KH, KW, IC, OC] + bias[OC].
void Im2colForward(const Conv2dGeometry& g, const float* src, const float* weight,
                   const float* bias, float* dst, float* workspace);

// The gradients of a loss from one image's d_dst[OH, OW, OC]: d_src[IH, IW, IC] is overwritten (not
// computed if null), d_weight[KH, KW, IC, OC] and d_bias[OC] are added to.
void Im2colBackward(const Conv2dGeometry& g, const float* src, const float* weight,
                    const float* d_dst, float* d_src, float* d_weight, float* d_bias,
                    float* workspace);

}  // namespace convoy::kernels
