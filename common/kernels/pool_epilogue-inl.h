// The end of a fused convolution for one vector of channels, as a Highway "-inl.h": the maximum of
// a 2x2 window, ReLU, and the code of pool_codes.h.
#if defined(CONVOY_KERNELS_POOL_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_POOL_EPILOGUE_INL_H_
#undef CONVOY_KERNELS_POOL_EPILOGUE_INL_H_
#else
#define CONVOY_KERNELS_POOL_EPILOGUE_INL_H_
#endif

#include <cstdint>

#include "common/kernels/pool_codes.h"
#include "common/kernels/simd-inl.h"
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

// As above; stores the codes of all lanes at `codes`.
HWY_INLINE FloatVec PoolWindow(FloatVec x00, FloatVec x01, FloatVec x10, FloatVec x11,
                               uint8_t* codes) {
  const FloatTag d;
  const IntTag di;
  const FloatVec top = hn::Max(x00, x01);
  const FloatVec bottom = hn::Max(x10, x11);
  const FloatVec best = hn::Max(top, bottom);
  const auto top_code = hn::IfThenElseZero(hn::RebindMask(di, hn::Gt(x01, x00)), hn::Set(di, 2));
  const auto bottom_code =
      hn::IfThenElse(hn::RebindMask(di, hn::Gt(x11, x10)), hn::Set(di, 3), hn::Set(di, 1));
  auto code = hn::IfThenElse(hn::RebindMask(di, hn::Gt(bottom, top)), bottom_code, top_code);
  const auto dead = hn::Le(best, hn::Zero(d));
  code = hn::IfThenElse(hn::RebindMask(di, dead), hn::Set(di, kDeadCode), code);
  hn::StoreU(hn::DemoteTo(CodeTag(), code), CodeTag(), codes);
  return hn::IfThenZeroElse(dead, best);
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
