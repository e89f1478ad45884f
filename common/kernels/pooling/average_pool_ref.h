// The naive reference of average-pooling and its gradient, for tests.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/kernels/pooling/average_pool.h"

namespace convoy::kernels {

// Calls visit(output index, input index, pixels in the window) for each pixel of each window, row
// by row.
template <typename Visitor>
void ForEachPooledPixel(const Pool2dGeometry& g, int n, Visitor visit) {
  const int64_t outputs = int64_t{n} * g.out_height * g.out_width * g.channels;
  for (int64_t i = 0; i < outputs; ++i) {
    const int64_t c = i % g.channels;
    const int64_t ow = i / g.channels % g.out_width;
    const int64_t oh = i / g.channels / g.out_width % g.out_height;
    const int64_t image = i / g.channels / g.out_width / g.out_height;
    const int64_t top = oh * g.stride_height - g.pad_top;
    const int64_t left = ow * g.stride_width - g.pad_left;
    const int64_t h0 = std::max<int64_t>(top, 0);
    const int64_t w0 = std::max<int64_t>(left, 0);
    const int64_t h1 = std::min<int64_t>(top + g.pool_height, g.in_height);
    const int64_t w1 = std::min<int64_t>(left + g.pool_width, g.in_width);
    for (int64_t h = h0; h < h1; ++h) {
      for (int64_t w = w0; w < w1; ++w) {
        visit(i, ((image * g.in_height + h) * g.in_width + w) * g.channels + c,
              (h1 - h0) * (w1 - w0));
      }
    }
  }
}

// As AveragePoolForward, in T.
template <typename T>
void AveragePoolForwardRef(const Pool2dGeometry& g, int n, const T* src, T* dst) {
  const int64_t outputs = int64_t{n} * g.out_height * g.out_width * g.channels;
  std::fill(dst, dst + outputs, T{0});
  ForEachPooledPixel(g, n, [&](int64_t out, int64_t in, int64_t) { dst[out] += src[in]; });
  int64_t last = -1;
  ForEachPooledPixel(g, n, [&](int64_t out, int64_t, int64_t count) {
    if (out != last) dst[out] /= static_cast<T>(count);
    last = out;
  });
}

// As AveragePoolBackward, in T.
template <typename T>
void AveragePoolBackwardRef(const Pool2dGeometry& g, int n, const T* d_dst, T* d_src) {
  std::fill(d_src, d_src + int64_t{n} * g.in_height * g.in_width * g.channels, T{0});
  ForEachPooledPixel(g, n, [&](int64_t out, int64_t in, int64_t count) {
    d_src[in] += d_dst[out] / static_cast<T>(count);
  });
}

}  // namespace convoy::kernels
