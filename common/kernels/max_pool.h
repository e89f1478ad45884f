// 2-D max-pooling of any window, stride and padding. NHWC.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// Sizes of the pooling of one image. Output (oh, ow) is the maximum of the inputs from
// (oh * stride_height - pad_top, ow * stride_width - pad_left) on; what lies outside the image
// never wins. REQUIRES: sizes and strides > 0, and every window holds at least one pixel of the
// image.
struct Pool2dGeometry {
  int in_height = 0;
  int in_width = 0;
  int channels = 0;
  int out_height = 0;
  int out_width = 0;
  int pool_height = 0;
  int pool_width = 0;
  int stride_height = 1;
  int stride_width = 1;
  int pad_top = 0;
  int pad_left = 0;
};

// dst[N, OH, OW, C] = maxima of src[N, IH, IW, C]; argmax[N, OH, OW, C], which may be null, gets
// the place ih * IW + iw of each in its image, the first of equals. Thread-safe; nothing is
// allocated.
void MaxPoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst, int32_t* argmax);

// d_src[N, IH, IW, C], overwritten, gets each d_dst[N, OH, OW, C] added at its argmax.
void MaxPoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, const int32_t* argmax,
                     float* d_src);

}  // namespace convoy::kernels
