// Philox4x32-10 (common/base/random.h) on vectors; included once a target (per-target guard).
#if defined(CONVOY_COMMON_KERNELS_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_COMMON_KERNELS_PHILOX_INL_H_
#undef CONVOY_COMMON_KERNELS_PHILOX_INL_H_
#else
#define CONVOY_COMMON_KERNELS_PHILOX_INL_H_
#endif

#include <array>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

// Returns the low 32 bits of each lane of `a` times `multiplier`, as 64 bits.
template <class D64, class V>
HWY_INLINE V MulLowHalves(D64 d64, V a, V multiplier) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RepartitionToNarrow<D64> d32;
  return hn::MulEven(hn::BitCast(d32, a), hn::BitCast(d32, multiplier));
}

// words[4 i .. 4 i + 3] = Philox({first_block + i, counter[1], counter[2], counter[3]}, key) for
// i < num_blocks, a multiple of 8. `counter[0]` is first_block; it wraps around at 2^32.
// A lane of 64 bits holds a word of one block in its low half; what its high half holds does not
// matter, since the product reads only the low one.
HWY_INLINE void PhiloxBlocks(const std::array<uint32_t, 4>& counter, std::array<uint32_t, 2> key,
                             int64_t num_blocks, uint32_t* HWY_RESTRICT words) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<uint64_t, 8> d64;
  using V = hn::Vec<decltype(d64)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d64));
  const V multiplier0 = hn::Set(d64, 0xD2511F53);
  const V multiplier1 = hn::Set(d64, 0xCD9E8D57);
  const V low_half = hn::Set(d64, 0xFFFFFFFF);
  for (int64_t block = 0; block < num_blocks; block += lanes) {
    V c0 = hn::Iota(d64, uint64_t{counter[0]} + static_cast<uint64_t>(block));
    V c1 = hn::Set(d64, counter[1]);
    V c2 = hn::Set(d64, counter[2]);
    V c3 = hn::Set(d64, counter[3]);
    uint32_t key0 = key[0];
    uint32_t key1 = key[1];
    for (int round = 0; round < 10; ++round) {
      const V product0 = MulLowHalves(d64, c0, multiplier0);
      const V product1 = MulLowHalves(d64, c2, multiplier1);
      c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product1), c1), hn::Set(d64, key0));
      c1 = product1;
      c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), c3), hn::Set(d64, key1));
      c3 = product0;
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    const V words01 = hn::Or(hn::And(c0, low_half), hn::ShiftLeft<32>(c1));
    const V words23 = hn::Or(hn::And(c2, low_half), hn::ShiftLeft<32>(c3));
    hn::StoreInterleaved2(words01, words23, d64, reinterpret_cast<uint64_t*>(words + 4 * block));
  }
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
