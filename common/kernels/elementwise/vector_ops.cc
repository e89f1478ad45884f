#include "common/kernels/elementwise/vector_ops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/elementwise/vector_ops.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include "common/kernels/simd/sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void AddArrays(const float* a, const float* b, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, dst + i);
  });
}

// A float is finite if its bits without the sign, as an integer, are below those of infinity.
bool AreFinite(const float* values, int64_t n) {
  const hn::ScalableTag<int32_t> d;
  constexpr int32_t kMagnitude = 0x7fffffff;
  constexpr int32_t kInfinity = 0x7f800000;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const hn::RebindToFloat<decltype(d)> df;
  auto largest = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::BitCast(d, hn::LoadU(df, values + i));
    largest = hn::Max(largest, hn::And(bits, hn::Set(d, kMagnitude)));
  }
  int32_t largest_bits = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < n; ++i) {
    int32_t bits;
    hwy::CopyBytes<sizeof(bits)>(values + i, &bits);
    largest_bits = HWY_MAX(largest_bits, bits & kMagnitude);
  }
  return largest_bits < kInfinity;
}

// By 1 / 255 in two parts: the product with the first, 257 / 2^16, is exact, and for every byte the
// sum of both rounds to the float nearest to the quotient (the test tries all 256).
void BytesToUnit(const uint8_t* src, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const hn::Rebind<uint8_t, decltype(d)> d8;
    const hn::RebindToSigned<decltype(d)> di;
    const auto x = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, src + i)));
    const auto high = hn::Mul(x, hn::Set(d, 0x1.01p-8f));
    hn::StoreU(hn::Add(high, hn::Mul(x, hn::Set(d, 0x1.010102p-24f))), d, dst + i);
  });
}

void SumRows(int64_t rows, int64_t cols, const float* src, float* sums) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t col = 0;
  for (; col + 4 * lanes <= cols; col += 4 * lanes) {  // four at a time: an addition takes long
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d);
    auto sum3 = hn::Zero(d);
    for (const float* line = src + col; line < src + rows * cols; line += cols) {
      sum0 = hn::Add(sum0, hn::LoadU(d, line));
      sum1 = hn::Add(sum1, hn::LoadU(d, line + lanes));
      sum2 = hn::Add(sum2, hn::LoadU(d, line + 2 * lanes));
      sum3 = hn::Add(sum3, hn::LoadU(d, line + 3 * lanes));
    }
    hn::StoreU(sum0, d, sums + col);
    hn::StoreU(sum1, d, sums + col + lanes);
    hn::StoreU(sum2, d, sums + col + 2 * lanes);
    hn::StoreU(sum3, d, sums + col + 3 * lanes);
  }
  Sweep(d, col, cols, [=](auto dd, int64_t i) HWY_ATTR {
    auto sum = hn::Zero(dd);
    for (int64_t row = 0; row < rows; ++row) {
      sum = hn::Add(sum, hn::LoadU(dd, src + row * cols + i));
    }
    hn::StoreU(sum, dd, sums + i);
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(AddArrays);
HWY_EXPORT(AreFinite);
HWY_EXPORT(BytesToUnit);
HWY_EXPORT(SumRows);

void Add(const float* src, float* inout, int64_t n) { AddTo(inout, src, inout, n); }

void AddTo(const float* a, const float* b, float* dst, int64_t n) {
  HWY_DYNAMIC_DISPATCH(AddArrays)(a, b, dst, n);
}

bool AllFinite(const float* values, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(AreFinite)(values, n);
}

void Uint8ToUnitFloat(const uint8_t* src, float* dst, int64_t n) {
  HWY_DYNAMIC_DISPATCH(BytesToUnit)(src, dst, n);
}

void ColumnSums(int64_t rows, int64_t cols, const float* src, float* sums) {
  HWY_DYNAMIC_DISPATCH(SumRows)(rows, cols, src, sums);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
