// The end of a fused convolution for one vector of channels, as a Highway "-inl.h": the maximum of
// a 2x2 window, ReLU, and the code of argmax_codes.h.
#if defined(CONVOY_KERNELS_POOL_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_POOL_EPILOGUE_INL_H_
#undef CONVOY_KERNELS_POOL_EPILOGUE_INL_H_
#else
#define CONVOY_KERNELS_POOL_EPILOGUE_INL_H_
#endif

#include <cstdint>

#include "common/kernels/pooling/argmax_codes.h"
#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using CodeTag = hn::Rebind<uint8_t, FloatTag>;

// Returns max(value, 0), but NaN for NaN, so that a broken weight is not hidden.
HWY_INLINE FloatVec Relu(FloatVec value) {
  return hn::IfThenZeroElse(hn::Le(value, hn::Zero(FloatTag())), value);
}

// Returns ReLU of the maximum of a window's values x00, x01, x10, x11 (row, column).
HWY_INLINE FloatVec PoolWindow(FloatVec x00, FloatVec x01, FloatVec x10, FloatVec x11) {
  return Relu(hn::Max(hn::Max(x00, x01), hn::Max(x10, x11)));
}

// Chooses codes by masks of the values' lanes: `dead` lanes get kDeadCode, others row + 2 * column.
HWY_INLINE hn::Vec<CodeTag> ChooseCodes(hn::Mask<FloatTag> upper_right,
                                        hn::Mask<FloatTag> lower_right, hn::Mask<FloatTag> lower,
                                        hn::Mask<FloatTag> dead) {
#if HWY_TARGET == HWY_AVX3
  // Masks are one bit a lane there, whatever the lanes' size, so the bytes can be chosen directly;
  // Highway has no name for that.
  const CodeTag d;
  const auto bytes_mask = [](hn::Mask<FloatTag> mask) HWY_ATTR {
    return hn::Mask<CodeTag>{static_cast<decltype(hn::Mask<CodeTag>::raw)>(mask.raw)};
  };
  auto codes = hn::IfThenElseZero(bytes_mask(upper_right), hn::Set(d, 2));
  const auto lower_codes = hn::IfThenElse(bytes_mask(lower_right), hn::Set(d, 3), hn::Set(d, 1));
  codes = hn::IfThenElse(bytes_mask(lower), lower_codes, codes);
  return hn::IfThenElse(bytes_mask(dead), hn::Set(d, kDeadCode), codes);
#else
  const IntTag d;
  auto codes = hn::IfThenElseZero(hn::RebindMask(d, upper_right), hn::Set(d, 2));
  const auto lower_codes =
      hn::IfThenElse(hn::RebindMask(d, lower_right), hn::Set(d, 3), hn::Set(d, 1));
  codes = hn::IfThenElse(hn::RebindMask(d, lower), lower_codes, codes);
  codes = hn::IfThenElse(hn::RebindMask(d, dead), hn::Set(d, kDeadCode), codes);
  return hn::DemoteTo(CodeTag(), codes);
#endif
}

// As PoolWindow above; stores the codes of all lanes at `codes`.
HWY_INLINE FloatVec PoolWindow(FloatVec x00, FloatVec x01, FloatVec x10, FloatVec x11,
                               uint8_t* codes) {
  const FloatVec upper = hn::Max(x00, x01);
  const FloatVec lower = hn::Max(x10, x11);
  const FloatVec best = hn::Max(upper, lower);
  const auto dead = hn::Le(best, hn::Zero(FloatTag()));
  const auto chosen = ChooseCodes(hn::Gt(x01, x00), hn::Gt(x11, x10), hn::Gt(lower, upper), dead);
  hn::StoreU(chosen, CodeTag(), codes);
  return hn::IfThenZeroElse(dead, best);
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
