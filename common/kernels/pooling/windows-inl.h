// The windows of a pooling, as a Highway "-inl.h": included once for each instruction set.
#if defined(CONVOY_KERNELS_WINDOWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_WINDOWS_INL_H_
#undef CONVOY_KERNELS_WINDOWS_INL_H_
#else
#define CONVOY_KERNELS_WINDOWS_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "common/kernels/pooling/pool2d_geometry.h"
#include "common/kernels/simd/sweep-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

// The pixels of an image in the window of one output: `rows` times `cols` from `first` on.
struct Window {
  int64_t first;
  int64_t rows;
  int64_t cols;
  float count() const { return static_cast<float>(rows * cols); }
};

HWY_INLINE Window WindowAt(const Pool2dGeometry& g, int64_t oh, int64_t ow) {
  const int64_t top = oh * g.stride_height - g.pad_top;
  const int64_t left = ow * g.stride_width - g.pad_left;
  const int64_t h = std::max<int64_t>(top, 0);
  const int64_t w = std::max<int64_t>(left, 0);
  return {.first = h * g.in_width + w,
          .rows = std::min<int64_t>(top + g.pool_height, g.in_height) - h,
          .cols = std::min<int64_t>(left + g.pool_width, g.in_width) - w};
}

// Calls f(d, window, output, c) for every output place of an image and every vector of its
// channels: d is the vector's type, c its first channel, `output` the float of the output that it
// belongs to.
template <class F>
HWY_INLINE void ForEachWindow(const Pool2dGeometry& g, const F& f) {
  for (int64_t oh = 0; oh < g.out_height; ++oh) {
    for (int64_t ow = 0; ow < g.out_width; ++ow) {
      const Window window = WindowAt(g, oh, ow);
      const int64_t output = oh * g.out_width + ow;
      Sweep(hwy::HWY_NAMESPACE::ScalableTag<float>(), 0, g.channels,
            [&](auto d, int64_t c) HWY_ATTR { f(d, window, output * g.channels + c, c); });
    }
  }
}

// Calls f(place, at) for each pixel of a window, row by row: `place` is its number in the image,
// `at` the float of its channel c.
template <class F>
HWY_INLINE void ForEachPixel(const Pool2dGeometry& g, const Window& window, int64_t c, const F& f) {
  for (int64_t row = 0; row < window.rows; ++row) {
    const int64_t start = window.first + row * g.in_width;
    for (int64_t place = start; place < start + window.cols; ++place) {
      f(static_cast<int32_t>(place), place * g.channels + c);
    }
  }
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
