// The sizes of a pooling.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// Sizes of the pooling of one image. Output (oh, ow) looks at the inputs from
// (oh * stride_height - pad_top, ow * stride_width - pad_left) on; what lies outside the image does
// not count. REQUIRES: sizes and strides > 0, and every window holds at least one pixel of the
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

  // Floats of one image.
  int64_t in_floats() const { return int64_t{in_height} * in_width * channels; }
  int64_t out_floats() const { return int64_t{out_height} * out_width * channels; }
};

}  // namespace convoy::kernels
