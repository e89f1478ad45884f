// The naive reference of the convolution and its gradients, for tests.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"

namespace convoy::kernels {

// Calls visit(dst index, src index, weight index) for every product that a convolution adds.
template <typename Visitor>
void ForEachConv2dProduct(const Conv2dGeometry& g, int n, Visitor visit) {
  for (int64_t image = 0; image < n; ++image) {
    for (int64_t oh = 0; oh < g.out_height; ++oh) {
      for (int64_t ow = 0; ow < g.out_width; ++ow) {
        for (int64_t kh = 0; kh < g.kernel_height; ++kh) {
          for (int64_t kw = 0; kw < g.kernel_width; ++kw) {
            const int64_t ih = oh * g.stride_height - g.pad_top + kh;
            const int64_t iw = ow * g.stride_width - g.pad_left + kw;
            if (ih < 0 || ih >= g.in_height || iw < 0 || iw >= g.in_width) continue;
            const int64_t dst = ((image * g.out_height + oh) * g.out_width + ow) * g.out_channels;
            const int64_t src = ((image * g.in_height + ih) * g.in_width + iw) * g.in_channels;
            const int64_t tap = (kh * g.kernel_width + kw) * g.in_channels;
            for (int64_t ic = 0; ic < g.in_channels; ++ic) {
              for (int64_t oc = 0; oc < g.out_channels; ++oc) {
                visit(dst + oc, src + ic, (tap + ic) * g.out_channels + oc);
              }
            }
          }
        }
      }
    }
  }
}

// As Conv2dForward, in T.
template <typename T>
void Conv2dForwardRef(const Conv2dGeometry& g, int n, const T* src, const T* weight, const T* bias,
                      T* dst) {
  const int64_t pixels = int64_t{n} * g.out_height * g.out_width;
  for (int64_t i = 0; i < pixels * g.out_channels; ++i) {
    dst[i] = bias == nullptr ? T{0} : bias[i % g.out_channels];
  }
  ForEachConv2dProduct(g, n,
                       [&](int64_t d, int64_t s, int64_t w) { dst[d] += src[s] * weight[w]; });
}

// As Conv2dBackward, in T; d_src and d_bias may be null.
template <typename T>
void Conv2dBackwardRef(const Conv2dGeometry& g, int n, const T* src, const T* weight,
                       const T* d_dst, T* d_src, T* d_weight, T* d_bias) {
  const int64_t weights =
      int64_t{g.kernel_height} * g.kernel_width * g.in_channels * g.out_channels;
  std::fill(d_weight, d_weight + weights, T{0});
  if (d_src != nullptr) {
    std::fill(d_src, d_src + int64_t{n} * g.in_height * g.in_width * g.in_channels, T{0});
  }
  ForEachConv2dProduct(g, n, [&](int64_t d, int64_t s, int64_t w) {
    d_weight[w] += src[s] * d_dst[d];
    if (d_src != nullptr) d_src[s] += weight[w] * d_dst[d];
  });
  if (d_bias == nullptr) return;
  std::fill(d_bias, d_bias + g.out_channels, T{0});
  for (int64_t i = 0; i < int64_t{n} * g.out_height * g.out_width * g.out_channels; ++i) {
    d_bias[i % g.out_channels] += d_dst[i];
  }
}

}  // namespace convoy::kernels
