// Loops over arrays for kernels written with Highway; included once a target (per-target guard).
#if defined(CONVOY_COMMON_KERNELS_SWEEP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_COMMON_KERNELS_SWEEP_INL_H_
#undef CONVOY_COMMON_KERNELS_SWEEP_INL_H_
#else
#define CONVOY_COMMON_KERNELS_SWEEP_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

// Calls f(d, i) for i = begin, begin + Lanes(d), ... while a whole vector of type d is left before
// end, then the same with vectors of half the lanes, down to one lane. Every element is so covered
// once, by the same operations, and nothing beyond the end is touched.
template <class D, class F>
HWY_INLINE void Sweep(D d, int64_t begin, int64_t end, const F& f) {
  const int64_t lanes = static_cast<int64_t>(hwy::HWY_NAMESPACE::Lanes(d));
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) f(d, i);
  if constexpr (hwy::HWY_NAMESPACE::MaxLanes(D()) > 1) {
    if (i < end) Sweep(hwy::HWY_NAMESPACE::Half<D>(), i, end, f);
  }
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
