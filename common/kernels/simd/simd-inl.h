// What all vector kernels for convolutions and dense layers share, as a Highway "-inl.h": included
// once for each instruction set.
#if defined(CONVOY_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_SIMD_INL_H_
#undef CONVOY_KERNELS_SIMD_INL_H_
#else
#define CONVOY_KERNELS_SIMD_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;
using IntTag = hn::RebindToSigned<FloatTag>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(FloatTag()));

// Accumulators that fit beside their operands: AVX-512 has 32 registers, the others 16.
inline constexpr int kMaxAccumulators = HWY_TARGET == HWY_AVX3 ? 24 : 12;

// Loads the first `count` lanes, 0 for the others; reads no more than those.
HWY_INLINE FloatVec LoadFirst(const float* src, int count) {
  const FloatTag d;
  if (count >= kLanes) return hn::LoadU(d, src);
#if HWY_TARGET == HWY_SSE4
  // There Highway's MaskedLoad reads the whole vector, and aligned.
  HWY_ALIGN float lanes[kLanes] = {};
  std::copy(src, src + count, lanes);
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, src);
#endif
}

// Stores the first `count` lanes.
HWY_INLINE void StoreFirst(FloatVec value, int count, float* dst) {
  const FloatTag d;
  if (count >= kLanes) {
    hn::StoreU(value, d, dst);
  } else {
    hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, dst);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
