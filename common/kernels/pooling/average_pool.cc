#include "common/kernels/pooling/average_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/pooling/average_pool.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <algorithm>
#include <cstdint>

#include "common/kernels/pooling/windows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void AverageForward(const Pool2dGeometry& g, const float* src, float* dst) {
  ForEachWindow(g, [&](auto d, const Window& window, int64_t output, int64_t c) HWY_ATTR {
    auto sum = hn::Zero(d);
    ForEachPixel(g, window, c,
                 [&](int32_t, int64_t at) HWY_ATTR { sum = hn::Add(sum, hn::LoadU(d, src + at)); });
    hn::StoreU(hn::Div(sum, hn::Set(d, window.count())), d, dst + output);
  });
}

void AverageBackward(const Pool2dGeometry& g, const float* d_dst, float* d_src) {
  ForEachWindow(g, [&](auto d, const Window& window, int64_t output, int64_t c) HWY_ATTR {
    const auto share = hn::Div(hn::LoadU(d, d_dst + output), hn::Set(d, window.count()));
    ForEachPixel(g, window, c, [&](int32_t, int64_t at) HWY_ATTR {
      hn::StoreU(hn::Add(hn::LoadU(d, d_src + at), share), d, d_src + at);
    });
  });
}

}  // namespace
}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(AverageForward);
HWY_EXPORT(AverageBackward);

}  // namespace

void AveragePoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst) {
  for (int64_t image = 0; image < n; ++image) {
    HWY_DYNAMIC_DISPATCH(AverageForward)
    (g, src + image * g.in_floats(), dst + image * g.out_floats());
  }
}

void AveragePoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, float* d_src) {
  std::fill_n(d_src, n * g.in_floats(), 0.0f);
  for (int64_t image = 0; image < n; ++image) {
    HWY_DYNAMIC_DISPATCH(AverageBackward)
    (g, d_dst + image * g.out_floats(), d_src + image * g.in_floats());
  }
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
