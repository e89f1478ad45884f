// Tests vector_math-inl.h on every instruction set of the machine.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/simd/vector_math_test.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "common/kernels/simd/kernel_testing.h"
#include "common/kernels/simd/scalar_math.h"
#include "common/kernels/simd/sweep-inl.h"
#include "common/kernels/simd/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void Exp(const float* src, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(ExpVector(d, hn::LoadU(d, src + i)), d, dst + i);
  });
}

void Sigmoid(const float* src, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(SigmoidVector(d, hn::LoadU(d, src + i)), d, dst + i);
  });
}

void Tanh(const float* src, float* dst, int64_t n) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(TanhVector(d, hn::LoadU(d, src + i)), d, dst + i);
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(Exp);
HWY_EXPORT(Sigmoid);
HWY_EXPORT(Tanh);

// Every 997th bit pattern and some special ones: infinities, NaN and subnormal numbers are there.
std::vector<float> Inputs() {
  std::vector<float> inputs = {0.0f, -0.0f, math::kExpMax, math::kExpMin, math::kTanhSmall};
  for (int i = 0; i < 5; ++i) {
    inputs.push_back(std::nextafter(inputs[i], 1000.0f));
    inputs.push_back(std::nextafter(inputs[i], -1000.0f));
  }
  for (uint64_t bits = 0; bits <= 0xffffffffu; bits += 997) {
    inputs.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  return inputs;
}

void ExpectScalarBits(void (*vector_function)(const float*, float*, int64_t),
                      float (*scalar_function)(float)) {
  const std::vector<float> src = Inputs();
  std::vector<float> dst(src.size());
  vector_function(src.data(), dst.data(), std::ssize(src));
  for (size_t i = 0; i < src.size(); ++i) {
    const float expected = scalar_function(src[i]);
    if (std::isnan(expected) && std::isnan(dst[i])) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(dst[i]), std::bit_cast<uint32_t>(expected))
        << dst[i] << " against " << expected << " at " << src[i];
  }
}

class VectorMathTest : public EveryIsaTest {};
CONVOY_INSTANTIATE_FOR_EVERY_ISA(VectorMathTest);

TEST_P(VectorMathTest, ExpHasTheBitsOfExpScalar) {
  ExpectScalarBits(HWY_DYNAMIC_DISPATCH(Exp), ExpScalar);
}

TEST_P(VectorMathTest, SigmoidHasTheBitsOfSigmoidScalar) {
  ExpectScalarBits(HWY_DYNAMIC_DISPATCH(Sigmoid), SigmoidScalar);
}

TEST_P(VectorMathTest, TanhHasTheBitsOfTanhScalar) {
  ExpectScalarBits(HWY_DYNAMIC_DISPATCH(Tanh), TanhScalar);
}

}  // namespace
}  // namespace convoy::kernels
#endif  // HWY_ONCE
