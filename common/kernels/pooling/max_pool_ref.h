// The naive reference of max-pooling and its gradient, for tests.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/kernels/pooling/max_pool.h"

namespace convoy::kernels {

// As MaxPoolForward, in T; argmax may be null.
template <typename T>
void MaxPoolForwardRef(const Pool2dGeometry& g, int n, const T* src, T* dst, int32_t* argmax) {
  const int64_t outputs = int64_t{n} * g.out_height * g.out_width * g.channels;
  for (int64_t i = 0; i < outputs; ++i) {
    const int64_t c = i % g.channels;
    const int64_t ow = i / g.channels % g.out_width;
    const int64_t oh = i / g.channels / g.out_width % g.out_height;
    const int64_t image = i / g.channels / g.out_width / g.out_height;
    int64_t best = -1;
    for (int64_t k = 0; k < int64_t{g.pool_height} * g.pool_width; ++k) {
      const int64_t ih = oh * g.stride_height - g.pad_top + k / g.pool_width;
      const int64_t iw = ow * g.stride_width - g.pad_left + k % g.pool_width;
      if (ih < 0 || ih >= g.in_height || iw < 0 || iw >= g.in_width) continue;
      const T value = src[((image * g.in_height + ih) * g.in_width + iw) * g.channels + c];
      if (best >= 0 && !(value > dst[i])) continue;
      best = ih * g.in_width + iw;
      dst[i] = value;
    }
    if (argmax != nullptr) argmax[i] = static_cast<int32_t>(best);
  }
}

// As MaxPoolBackward, in T.
template <typename T>
void MaxPoolBackwardRef(const Pool2dGeometry& g, int n, const T* d_dst, const int32_t* argmax,
                        T* d_src) {
  const int64_t src_elems = int64_t{g.in_height} * g.in_width * g.channels;
  const int64_t dst_elems = int64_t{g.out_height} * g.out_width * g.channels;
  std::fill(d_src, d_src + n * src_elems, T{0});
  for (int64_t i = 0; i < n * dst_elems; ++i) {
    d_src[i / dst_elems * src_elems + argmax[i] * int64_t{g.channels} + i % g.channels] += d_dst[i];
  }
}

}  // namespace convoy::kernels
