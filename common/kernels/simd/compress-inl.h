// Stores the lanes that a mask selects side by side, as a Highway "-inl.h".
#if defined(CONVOY_KERNELS_COMPRESS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_COMPRESS_INL_H_
#undef CONVOY_KERNELS_COMPRESS_INL_H_
#else
#define CONVOY_KERNELS_COMPRESS_INL_H_
#endif

#include <array>
#include <cstdint>

#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using IntVec = hn::Vec<IntTag>;

#if HWY_TARGET == HWY_AVX3

// Stores the lanes of `values` that `mask` selects, in order, at `dst`; whatever is in the rest of
// the vector's lanes behind them is overwritten too.
HWY_INLINE void CompressTo(IntVec values, hn::Mask<IntTag> mask, int32_t* dst) {
  hn::StoreU(hn::Compress(values, mask), IntTag(), dst);
}

#else

// For each set of lanes, as the bits of an index: the numbers of those in the set, then the
// others'. Highway has such a table inside its Compress, but GCC copies that to the stack at every
// call.
inline constexpr auto kSelectedLanes = [] {
  std::array<std::array<uint8_t, kLanes>, size_t{1} << kLanes> table = {};
  for (size_t set = 0; set < table.size(); ++set) {
    size_t next = 0;
    for (int wanted : {1, 0}) {
      for (int lane = 0; lane < kLanes; ++lane) {
        if (static_cast<int>(set >> lane & 1) == wanted) {
          table[set][next++] = static_cast<uint8_t>(lane);
        }
      }
    }
  }
  return table;
}();

HWY_INLINE void CompressTo(IntVec values, hn::Mask<IntTag> mask, int32_t* dst) {
  const IntTag d;
  const hn::Rebind<uint8_t, IntTag> d8;
  uint8_t bits[8];
  hn::StoreMaskBits(d, mask, bits);
  const auto lanes = hn::PromoteTo(d, hn::LoadU(d8, kSelectedLanes[bits[0]].data()));
  hn::StoreU(hn::TableLookupLanes(values, hn::IndicesFromVec(d, lanes)), d, dst);
}

#endif

HWY_INLINE void CompressTo(FloatVec values, hn::Mask<FloatTag> mask, float* dst) {
  const IntTag d;
  CompressTo(hn::BitCast(d, values), hn::RebindMask(d, mask), reinterpret_cast<int32_t*>(dst));
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
