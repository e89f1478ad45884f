// The plain operations on bfloat16, for tests: by arithmetic on values, not on bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "common/kernels/elementwise/bfloat16.h"

namespace convoy::kernels {

// The bfloat16 nearest to `value`, of two the one with the even last bit.
inline float RoundToBfloat16Ref(float value) {
  constexpr int kPrecision = 8;
  constexpr int kLeastExponent = -133;  // of the smallest subnormal bfloat16, 2^-133
  if (!std::isfinite(value) || value == 0) return value;
  int exponent = 0;
  std::frexp(value, &exponent);
  // One unit in the last place; std::nearbyint rounds ties to even.
  const int unit = std::max(exponent - kPrecision, kLeastExponent);
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(double{value}, -unit)), unit);
  if (std::abs(rounded) >= 0x1p128) {
    return std::copysign(std::numeric_limits<float>::infinity(), value);
  }
  return std::copysign(static_cast<float>(std::abs(rounded)), value);
}

}  // namespace convoy::kernels
