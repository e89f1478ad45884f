#include "common/kernels/pooling/max_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/pooling/max_pool.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <algorithm>
#include <cstdint>

#include "common/kernels/pooling/windows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// The first pixel is the best until one is greater, so a NaN in it stays and others lose.
void Maxima(const Pool2dGeometry& g, const float* src, float* dst) {
  ForEachWindow(g, [&](auto d, const Window& window, int64_t output, int64_t c) HWY_ATTR {
    auto best = hn::LoadU(d, src + window.first * g.channels + c);
    ForEachPixel(g, window, c, [&](int32_t, int64_t at) HWY_ATTR {
      const auto value = hn::LoadU(d, src + at);
      best = hn::IfThenElse(hn::Gt(value, best), value, best);
    });
    hn::StoreU(best, d, dst + output);
  });
}

void MaximaAndPlaces(const Pool2dGeometry& g, const float* src, float* dst, int32_t* argmax) {
  ForEachWindow(g, [&](auto d, const Window& window, int64_t output, int64_t c) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    auto best = hn::LoadU(d, src + window.first * g.channels + c);
    auto best_place = hn::Set(di, static_cast<int32_t>(window.first));
    ForEachPixel(g, window, c, [&](int32_t place, int64_t at) HWY_ATTR {
      const auto value = hn::LoadU(d, src + at);
      const auto wins = hn::Gt(value, best);
      best = hn::IfThenElse(wins, value, best);
      best_place = hn::IfThenElse(hn::RebindMask(di, wins), hn::Set(di, place), best_place);
    });
    hn::StoreU(best, d, dst + output);
    hn::StoreU(best_place, di, argmax + output);
  });
}

// Every pixel of a window is added to, those that lost 0: without a scatter, which vectors do
// badly.
void MaximaGradients(const Pool2dGeometry& g, const float* d_dst, const int32_t* argmax,
                     float* d_src) {
  ForEachWindow(g, [&](auto d, const Window& window, int64_t output, int64_t c) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const auto gradient = hn::LoadU(d, d_dst + output);
    const auto best_place = hn::LoadU(di, argmax + output);
    ForEachPixel(g, window, c, [&](int32_t place, int64_t at) HWY_ATTR {
      const auto won = hn::RebindMask(d, hn::Eq(best_place, hn::Set(di, place)));
      const auto sum = hn::Add(hn::LoadU(d, d_src + at), hn::IfThenElseZero(won, gradient));
      hn::StoreU(sum, d, d_src + at);
    });
  });
}

}  // namespace
}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(Maxima);
HWY_EXPORT(MaximaAndPlaces);
HWY_EXPORT(MaximaGradients);

}  // namespace

void MaxPoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst, int32_t* argmax) {
  for (int image = 0; image < n; ++image, src += g.in_floats(), dst += g.out_floats()) {
    if (argmax == nullptr) {
      HWY_DYNAMIC_DISPATCH(Maxima)(g, src, dst);
    } else {
      HWY_DYNAMIC_DISPATCH(MaximaAndPlaces)(g, src, dst, argmax);
      argmax += g.out_floats();
    }
  }
}

void MaxPoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, const int32_t* argmax,
                     float* d_src) {
  std::fill_n(d_src, n * g.in_floats(), 0.0f);
  for (int64_t image = 0; image < n; ++image) {
    const int64_t first = image * g.out_floats();
    HWY_DYNAMIC_DISPATCH(MaximaGradients)
    (g, d_dst + first, argmax + first, d_src + image * g.in_floats());
  }
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
