#include "common/kernels/pooling/average_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/pooling/average_pool.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <algorithm>
#include <cstdint>

#include "common/kernels/simd/sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

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

// Calls f(window, its output's number in the image) for every output place of an image.
template <class F>
HWY_INLINE void ForEachWindow(const Pool2dGeometry& g, const F& f) {
  for (int64_t oh = 0; oh < g.out_height; ++oh) {
    for (int64_t ow = 0; ow < g.out_width; ++ow) {
      f(WindowAt(g, oh, ow), oh * g.out_width + ow);
    }
  }
}

void Forward(const Pool2dGeometry& g, const float* src, float* dst) {
  ForEachWindow(g, [&](const Window& window, int64_t output) HWY_ATTR {
    Sweep(hn::ScalableTag<float>(), 0, g.channels, [&](auto d, int64_t c) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (int64_t row = 0; row < window.rows; ++row) {
        const float* at = src + (window.first + row * g.in_width) * g.channels + c;
        for (int64_t col = 0; col < window.cols; ++col) {
          sum = hn::Add(sum, hn::LoadU(d, at + col * g.channels));
        }
      }
      hn::StoreU(hn::Div(sum, hn::Set(d, window.count())), d, dst + output * g.channels + c);
    });
  });
}

void Backward(const Pool2dGeometry& g, const float* d_dst, float* d_src) {
  ForEachWindow(g, [&](const Window& window, int64_t output) HWY_ATTR {
    Sweep(hn::ScalableTag<float>(), 0, g.channels, [&](auto d, int64_t c) HWY_ATTR {
      const auto share =
          hn::Div(hn::LoadU(d, d_dst + output * g.channels + c), hn::Set(d, window.count()));
      for (int64_t row = 0; row < window.rows; ++row) {
        float* at = d_src + (window.first + row * g.in_width) * g.channels + c;
        for (int64_t col = 0; col < window.cols; ++col, at += g.channels) {
          hn::StoreU(hn::Add(hn::LoadU(d, at), share), d, at);
        }
      }
    });
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(Forward);
HWY_EXPORT(Backward);

int64_t InputElems(const Pool2dGeometry& g) {
  return int64_t{g.in_height} * g.in_width * g.channels;
}
int64_t OutputElems(const Pool2dGeometry& g) {
  return int64_t{g.out_height} * g.out_width * g.channels;
}

}  // namespace

void AveragePoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst) {
  for (int64_t image = 0; image < n; ++image) {
    HWY_DYNAMIC_DISPATCH(Forward)(g, src + image * InputElems(g), dst + image * OutputElems(g));
  }
}

void AveragePoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, float* d_src) {
  std::fill(d_src, d_src + n * InputElems(g), 0.0f);
  for (int64_t image = 0; image < n; ++image) {
    HWY_DYNAMIC_DISPATCH(Backward)
    (g, d_dst + image * OutputElems(g), d_src + image * InputElems(g));
  }
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
