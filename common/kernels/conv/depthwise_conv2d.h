// Depthwise convolution: each channel with filters of its own. A template, so that gradients can be
// checked in double; in float it is what networks compute.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"

namespace convoy::kernels {

// Calls visit(src, dst, kernel) for each pair of an output pixel and a pixel of its window: offsets
// of their channels in an image's source and output, and of the weights [in_channels, multiplier]
// in the kernel.
template <typename Visit>
void ForEachDepthwiseTap(const Conv2dGeometry& g, Visit visit) {
  for (int oh = 0; oh < g.out_height; ++oh) {
    for (int ow = 0; ow < g.out_width; ++ow) {
      const int64_t dst = (int64_t{oh} * g.out_width + ow) * g.out_channels;
      for (int kh = 0; kh < g.kernel_height; ++kh) {
        const int h = oh * g.stride_height - g.pad_top + kh;
        if (h < 0 || h >= g.in_height) continue;
        for (int kw = 0; kw < g.kernel_width; ++kw) {
          const int w = ow * g.stride_width - g.pad_left + kw;
          if (w < 0 || w >= g.in_width) continue;
          const int64_t src = (int64_t{h} * g.in_width + w) * g.in_channels;
          visit(src, dst, (int64_t{kh} * g.kernel_width + kw) * g.out_channels);
        }
      }
    }
  }
}

// dst [n, out_height, out_width, out_channels] = bias + the sum over the window of src * kernel,
// where output channel o reads input channel o / (out_channels / in_channels). src is [n,
// in_height, in_width, in_channels], kernel [kernel_height, kernel_width, out_channels]; bias may
// be null.
template <typename T>
void DepthwiseConv2dForward(const Conv2dGeometry& g, int n, const T* src, const T* kernel,
                            const T* bias, T* dst) {
  const int multiplier = g.out_channels / g.in_channels;
  const int64_t pixels = int64_t{g.out_height} * g.out_width;
  for (int image = 0; image < n; ++image) {
    for (int64_t i = 0; i < pixels * g.out_channels; ++i) {
      dst[i] = bias == nullptr ? T{0} : bias[i % g.out_channels];
    }
    ForEachDepthwiseTap(g, [&](int64_t from, int64_t to, int64_t weights) {
      if (multiplier == 1) {
        for (int c = 0; c < g.out_channels; ++c) dst[to + c] += src[from + c] * kernel[weights + c];
        return;
      }
      for (int o = 0; o < g.out_channels; ++o) {
        dst[to + o] += src[from + o / multiplier] * kernel[weights + o];
      }
    });
    src += int64_t{g.in_height} * g.in_width * g.in_channels;
    dst += pixels * g.out_channels;
  }
}

// Writes the gradients of source (unless null), kernel and bias (unless null), given that of dst.
template <typename T>
void DepthwiseConv2dBackward(const Conv2dGeometry& g, int n, const T* src, const T* kernel,
                             const T* d_dst, T* d_src, T* d_kernel, T* d_bias) {
  const int multiplier = g.out_channels / g.in_channels;
  const int64_t pixels = int64_t{g.out_height} * g.out_width;
  const int64_t src_elems = int64_t{g.in_height} * g.in_width * g.in_channels;
  const int64_t window = int64_t{g.kernel_height} * g.kernel_width;
  std::fill(d_kernel, d_kernel + window * g.out_channels, T{0});
  if (d_bias != nullptr) std::fill(d_bias, d_bias + g.out_channels, T{0});
  if (d_src != nullptr) std::fill(d_src, d_src + n * src_elems, T{0});
  for (int image = 0; image < n; ++image) {
    ForEachDepthwiseTap(g, [&](int64_t from, int64_t to, int64_t weights) {
      for (int o = 0; o < g.out_channels; ++o) {
        d_kernel[weights + o] += src[from + o / multiplier] * d_dst[to + o];
      }
      if (d_src == nullptr) return;
      for (int o = 0; o < g.out_channels; ++o) {
        d_src[from + o / multiplier] += kernel[weights + o] * d_dst[to + o];
      }
    });
    for (int64_t i = 0; d_bias != nullptr && i < pixels * g.out_channels; ++i) {
      d_bias[i % g.out_channels] += d_dst[i];
    }
    src += src_elems;
    if (d_src != nullptr) d_src += src_elems;
    d_dst += pixels * g.out_channels;
  }
}

}  // namespace convoy::kernels
