// 2-D convolution of any kernel size, stride and padding: images are unrolled into columns (im2col)
// one at a time, so that they stay in the L2 cache, and multiplied by OpenBLAS. It is the path that
// takes every geometry; conv_block.h chooses among the fast ones.
//
// Letters: N images, IH IW IC height, width and channels of the input, OH OW OC of the output, KH
// KW the kernel's height and width. Images are NHWC, kernels HWIO, as in Keras.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// Sizes of a convolution of one image. Output (oh, ow) reads the inputs from
// (oh * stride_height - pad_top, ow * stride_width - pad_left) on; what lies outside the image is
// 0. As in Keras there is no flipping of the kernel. REQUIRES: sizes and strides > 0, paddings >=
// 0.
struct Conv2dGeometry {
  int in_height = 0;
  int in_width = 0;
  int in_channels = 0;
  int out_height = 0;
  int out_width = 0;
  int out_channels = 0;
  int kernel_height = 0;
  int kernel_width = 0;
  int stride_height = 1;
  int stride_width = 1;
  int pad_top = 0;
  int pad_left = 0;
};

// Returns how many floats of workspace Conv2dForward and Conv2dBackward need, for any n.
int64_t Conv2dWorkspaceFloats(const Conv2dGeometry& g);

// dst[N, OH, OW, OC] = src[N, IH, IW, IC] * weight[KH, KW, IC, OC] + bias[OC]; `bias` may be null.
// An image's result does not depend on n nor on its place. Thread-safe with a workspace for each
// thread; nothing is allocated.
void Conv2dForward(const Conv2dGeometry& g, int n, const float* src, const float* weight,
                   const float* bias, float* dst, float* workspace);

// The gradients of a loss from d_dst[N, OH, OW, OC]: d_src[N, IH, IW, IC] (not computed if null),
// d_weight[KH, KW, IC, OC] and d_bias[OC] (may be null), the latter two summed over the images; all
// are overwritten. Threads and memory as Conv2dForward.
void Conv2dBackward(const Conv2dGeometry& g, int n, const float* src, const float* weight,
                    const float* d_dst, float* d_src, float* d_weight, float* d_bias,
                    float* workspace);

}  // namespace convoy::kernels
