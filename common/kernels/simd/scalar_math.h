// exp, log, tanh and the logistic function in single precision, one value at a time.
//
// Our own, because the C library's choose their code by CPU and so round differently on different
// machines. Every function is a fixed sequence of IEEE operations without FMA: it gives the same
// bits on every instruction set, and vector_math-inl.h does the same operations on vectors. Errors
// are below 2 units in the last place (the logistic function's below 2.5) over the whole range,
// subnormal results included; infinities and NaN behave as in the C library. They assume rounding
// to nearest and that subnormal numbers are not flushed.
//
// The polynomials are minimax fits of ours (weighted least squares on Chebyshev nodes, repeated
// with Lawson's weights), with the coefficients rounded to single precision one after another.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace convoy::kernels {

namespace math {

// exp(x) overflows above kExpMax and rounds to 0 below kExpMin.
inline constexpr float kExpMax = 88.72283f;
inline constexpr float kExpMin = -103.972084f;
inline constexpr float kLog2E = 1.442695041f;
// ln 2 in two parts: the first has 9 bits, so that its product with an exponent is exact.
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kLn2Low = -2.12194440e-4f;
// Adding and subtracting 1.5 * 2^23 rounds to an integer, halves to even.
inline constexpr float kRound = 12582912.0f;

// (exp(r) - 1 - r) / r^2 for |r| <= ln 2 / 2, error of exp 3.2e-9; highest power last.
inline constexpr float kExpPolynomial[] = {0x1.fffffcp-2f, 0x1.55549p-3f, 0x1.5558a6p-5f,
                                           0x1.123b04p-7f, 0x1.6a5aep-10f};

// (log(1 + x) - x + x^2/2) / x^3 for sqrt(1/2) <= 1 + x <= sqrt(2), error of log 7.7e-10.
inline constexpr float kLogPolynomial[] = {0x1.555548p-2f, -0x1.000008p-2f, 0x1.99a478p-3f,
                                           -0x1.555b9p-3f, 0x1.233afap-3f,  -0x1.fc3d5ep-4f,
                                           0x1.e6dbdep-4f, -0x1.dd9efap-4f, 0x1.13c8ecp-4f};
inline constexpr float kSqrtHalf = 0.707106781f;

// (tanh(x) - x) / x^3 as a polynomial of x^2 for |x| < kTanhSmall, error of tanh 4.5e-9.
inline constexpr float kTanhPolynomial[] = {-0x1.555532p-2f, 0x1.110704p-3f, -0x1.b838ap-5f,
                                            0x1.5211c4p-6f, -0x1.758facp-8f};
inline constexpr float kTanhSmall = 0.625f;

template <int kSize>
float Horner(const float (&coefficients)[kSize], float x) {
  float sum = coefficients[kSize - 1];
  for (int i = kSize - 2; i >= 0; --i) sum = sum * x + coefficients[i];
  return sum;
}

// Returns 2^exponent for -126 <= exponent <= 127.
inline float PowerOfTwo(int32_t exponent) { return std::bit_cast<float>((exponent + 127) << 23); }

}  // namespace math

// exp(x) = 2^n exp(r) with n = round(x / ln 2). The scaling is done in two steps, so that subnormal
// results are rounded once.
inline float ExpScalar(float x) {
  using namespace math;
  if (x != x) return x;
  if (x > kExpMax) return std::numeric_limits<float>::infinity();
  if (x < kExpMin) return 0.0f;
  const float n = (x * kLog2E + kRound) - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  const float e = (Horner(kExpPolynomial, r) * (r * r) + r) + 1.0f;
  const int32_t exponent = static_cast<int32_t>(n);
  const int32_t half = exponent >> 1;
  return e * PowerOfTwo(half) * PowerOfTwo(exponent - half);
}

// log(x) = e ln 2 + log(1 + f) with x = 2^e (1 + f) and sqrt(1/2) <= 1 + f < sqrt(2).
inline float LogScalar(float x) {
  using namespace math;
  if (!(x > 0.0f)) {
    return x == 0.0f ? -std::numeric_limits<float>::infinity()
                     : std::numeric_limits<float>::quiet_NaN();
  }
  if (x == std::numeric_limits<float>::infinity()) return x;
  const bool subnormal = x < std::numeric_limits<float>::min();
  const uint32_t bits = std::bit_cast<uint32_t>(subnormal ? x * 0x1p23f : x);
  // Moves the fraction's start from 1 to sqrt(1/2) before taking the exponent off.
  const uint32_t offset = bits - std::bit_cast<uint32_t>(kSqrtHalf);
  const float e = static_cast<float>((static_cast<int32_t>(offset) >> 23) - (subnormal ? 23 : 0));
  const float f =
      std::bit_cast<float>((offset & 0x007fffff) + std::bit_cast<uint32_t>(kSqrtHalf)) - 1.0f;
  const float f2 = f * f;
  const float tail = (Horner(kLogPolynomial, f) * (f2 * f) + e * kLn2Low) - 0.5f * f2;
  return (tail + f) + e * kLn2High;
}

// 1 / (1 + exp(-x)), by exp(-|x|), which never overflows.
inline float SigmoidScalar(float x) {
  const float e = ExpScalar(x < 0.0f ? x : -x);
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// Of |x|: by its polynomial near 0, else 1 - 2 / (exp(2 |x|) + 1). The sign is put back at the end.
inline float TanhScalar(float x) {
  using namespace math;
  const float magnitude = std::abs(x);
  if (magnitude < kTanhSmall) {
    const float square = magnitude * magnitude;
    return std::copysign(Horner(kTanhPolynomial, square) * (square * magnitude) + magnitude, x);
  }
  return std::copysign(1.0f - 2.0f / (ExpScalar(magnitude + magnitude) + 1.0f), x);
}

}  // namespace convoy::kernels
