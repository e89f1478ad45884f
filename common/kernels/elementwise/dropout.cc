#include "common/kernels/elementwise/dropout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/elementwise/dropout.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/base/check.h"
#include "common/base/random.h"
#include "common/kernels/simd/philox-inl.h"
#include "common/kernels/simd/sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Random words are drawn this many at a time.
constexpr int64_t kChunk = 128;

// One image; counter[0] is 0. An element is kept if its word is >= threshold.
void DropImage(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key, uint32_t threshold,
               float scale, int64_t num_elems, const float* src, float* dst, uint8_t* keep) {
  HWY_ALIGN uint32_t words[kChunk];
  for (int64_t begin = 0; begin < num_elems; begin += kChunk) {
    const int64_t size = std::min(num_elems - begin, kChunk);
    PhiloxBlocks(counter, key, (size + 31) / 32 * 8, words);
    counter[0] += kChunk / 4;
    Sweep(hn::ScalableTag<float>(), begin, begin + size, [&](auto d, int64_t i) HWY_ATTR {
      const hn::RebindToUnsigned<decltype(d)> du;
      const hn::RebindToSigned<decltype(d)> di;
      const hn::Rebind<uint8_t, decltype(d)> d8;
      const auto dropped = hn::Lt(hn::LoadU(du, words + (i - begin)), hn::Set(du, threshold));
      const auto ones = hn::IfThenZeroElse(hn::RebindMask(di, dropped), hn::Set(di, 1));
      hn::StoreU(hn::DemoteTo(d8, ones), d8, keep + i);
      const auto scaled = hn::Mul(hn::LoadU(d, src + i), hn::Set(d, scale));
      hn::StoreU(hn::IfThenZeroElse(hn::RebindMask(d, dropped), scaled), d, dst + i);
    });
  }
}

void ScaleKept(float scale, int64_t num_elems, const uint8_t* keep, const float* d_dst,
               float* d_src) {
  Sweep(hn::ScalableTag<float>(), 0, num_elems, [=](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<uint8_t, decltype(d)> d8;
    const auto dropped = hn::Eq(hn::PromoteTo(di, hn::LoadU(d8, keep + i)), hn::Zero(di));
    const auto scaled = hn::Mul(hn::LoadU(d, d_dst + i), hn::Set(d, scale));
    hn::StoreU(hn::IfThenZeroElse(hn::RebindMask(d, dropped), scaled), d, d_src + i);
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(DropImage);
HWY_EXPORT(ScaleKept);

// The smallest word that keeps its element.
uint32_t Threshold(float rate) {
  return static_cast<uint32_t>(std::ceil(static_cast<double>(rate) * 0x1p32));
}

}  // namespace

void DropoutForward(const DropoutKey& key, float rate, int n, int64_t elems_per_image,
                    const uint32_t* image_index, const float* src, float* dst, uint8_t* keep) {
  CONVOY_CHECK(rate >= 0.0f && rate < 1.0f);
  const auto philox_key = PhiloxKey(key.seed, RandomStream::kDropout);
  const uint32_t threshold = Threshold(rate);
  const float scale = 1.0f / (1.0f - rate);
  for (int image = 0; image < n; ++image) {
    const int64_t first = image * elems_per_image;
    HWY_DYNAMIC_DISPATCH(DropImage)
    ({0, key.layer_ordinal, image_index[image], key.epoch}, philox_key, threshold, scale,
     elems_per_image, src + first, dst + first, keep + first);
  }
}

void DropoutBackward(float rate, int64_t num_elems, const uint8_t* keep, const float* d_dst,
                     float* d_src) {
  CONVOY_CHECK(rate >= 0.0f && rate < 1.0f);
  HWY_DYNAMIC_DISPATCH(ScaleKept)(1.0f / (1.0f - rate), num_elems, keep, d_dst, d_src);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
