// The sizes of a convolution.
#pragma once

namespace convoy::kernels {

// Sizes of a convolution of one image. Output (oh, ow) reads the inputs from
// (oh * stride_height - pad_top, ow * stride_width - pad_left) on; what lies outside the image is
// 0. As in Keras the weights are not flipped: what deep learning calls a convolution is a
// cross-correlation. REQUIRES: sizes and strides > 0, paddings >= 0.
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

}  // namespace convoy::kernels
