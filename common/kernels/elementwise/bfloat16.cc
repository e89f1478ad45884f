#include "common/kernels/elementwise/bfloat16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/elementwise/bfloat16.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include "common/kernels/simd/sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Adds what carries into the upper half if the lower one is above its middle, or at it and the
// upper one is odd; the carry into the exponent is right, too, up to infinity. A NaN, whose upper
// half alone may say infinity, becomes a quiet one instead.
template <class D, class V>
HWY_INLINE V Rounded(D d, V value) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(du, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto nearest = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000));
  const auto magnitude = hn::BitCast(di, hn::And(bits, hn::Set(du, 0x7fffffff)));
  const auto is_nan = hn::RebindMask(du, hn::Gt(magnitude, hn::Set(di, 0x7f800000)));
  const auto whole = hn::IfThenElse(is_nan, quiet, nearest);
  return hn::BitCast(d, hn::And(whole, hn::Set(du, 0xffff0000)));
}

void RoundArray(float* inout, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(Rounded(d, hn::LoadU(d, inout + i)), d, inout + i);
  });
}

void AddRounded(const float* a, const float* b, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(Rounded(d, hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i))), d, dst + i);
  });
}

void PackArray(const float* src, uint16_t* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<uint16_t, decltype(d)> du16;
    const auto upper = hn::ShiftRight<16>(hn::BitCast(du, hn::LoadU(d, src + i)));
    hn::StoreU(hn::DemoteTo(du16, hn::BitCast(di, upper)), du16, dst + i);
  });
}

void UnpackArray(const uint16_t* src, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<uint16_t, decltype(d)> du16;
    const auto upper = hn::PromoteTo(du, hn::LoadU(du16, src + i));
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(upper)), d, dst + i);
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(RoundArray);
HWY_EXPORT(AddRounded);
HWY_EXPORT(PackArray);
HWY_EXPORT(UnpackArray);

void RoundToBfloat16(float* inout, int64_t n) { HWY_DYNAMIC_DISPATCH(RoundArray)(inout, n); }

void AddToBfloat16(const float* a, const float* b, float* dst, int64_t n) {
  HWY_DYNAMIC_DISPATCH(AddRounded)(a, b, dst, n);
}

void PackBfloat16(const float* src, uint16_t* dst, int64_t n) {
  HWY_DYNAMIC_DISPATCH(PackArray)(src, dst, n);
}

void UnpackBfloat16(const uint16_t* src, float* dst, int64_t n) {
  HWY_DYNAMIC_DISPATCH(UnpackArray)(src, dst, n);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
