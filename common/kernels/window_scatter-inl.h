// The input gradients of sparse_backward.cc for 3x3 kernels with 32 registers, as a Highway
// "-inl.h": all 4 x 4 inputs that a window's items touch stay in registers, so that they are loaded
// and stored once a window instead of once a position.
#if defined(CONVOY_KERNELS_WINDOW_SCATTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_WINDOW_SCATTER_INL_H_
#undef CONVOY_KERNELS_WINDOW_SCATTER_INL_H_
#else
#define CONVOY_KERNELS_WINDOW_SCATTER_INL_H_
#endif

#include <cstdint>

#include "common/kernels/conv2d.h"
#include "common/kernels/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whether WindowScatter takes the convolution.
inline bool UsesWindowScatter(const Conv2dGeometry& conv) {
  return kMaxAccumulators >= 16 && conv.kernel_height == 3 && conv.kernel_width == 3 &&
         conv.stride_height == 1 && conv.stride_width == 1 && conv.in_channels % kLanes == 0;
}

// Adds the items at `position` (one code of a window) to the window's inputs; returns those behind.
template <int kRow, int kColumn>
HWY_INLINE const int32_t* AddItems(const int32_t* items, int position, const float* gradients,
                                   const float* weights, FloatVec (&acc)[4][4]) {
  const FloatTag d;
  for (; *items >> 16 == position; ++items) {
    const int channel = *items & 0xffff;
    const FloatVec gradient = hn::Set(d, gradients[channel]);
    const float* weight = weights + int64_t{channel} * 9 * kLanes;
#pragma GCC unroll 3
    for (int r = 0; r < 3; ++r) {
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) {
        FloatVec& sum = acc[kRow + r][kColumn + c];
        sum = hn::MulAdd(gradient, hn::LoadU(d, weight + (3 * r + c) * kLanes), sum);
      }
    }
  }
  return items;
}

// For kLanes input channels: d_src[pixels of the windows] += gradient * weights[channel, tap,
// kLanes] over all items of an image (sparse_backward.cc, ListItems). `first_position` is that of
// the image's first window; pixels of d_src are `pixel` floats apart, rows `row`.
inline void WindowScatter(const int32_t* items, int first_position, int windows,
                          const int32_t* offsets, const float* gradients, int64_t gradient_row,
                          const float* weights, float* d_src, int64_t pixel, int64_t row) {
  const FloatTag d;
  for (int window = first_position / 4; window < first_position / 4 + windows; ++window) {
    if (*items >> 18 != window) continue;
    float* patch = d_src + offsets[4 * window];
    const float* window_gradients = gradients + window * gradient_row;
    FloatVec acc[4][4];
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) acc[r][c] = hn::LoadU(d, patch + r * row + c * pixel);
    }
    // Codes are row + 2 * column.
    items = AddItems<0, 0>(items, 4 * window, window_gradients, weights, acc);
    items = AddItems<1, 0>(items, 4 * window + 1, window_gradients, weights, acc);
    items = AddItems<0, 1>(items, 4 * window + 2, window_gradients, weights, acc);
    items = AddItems<1, 1>(items, 4 * window + 3, window_gradients, weights, acc);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) hn::StoreU(acc[r][c], d, patch + r * row + c * pixel);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
