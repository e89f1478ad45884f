// Powers with the same bits on every CPU.
#pragma once

#include <cstdint>

namespace convoy::optim {

// Returns base^exponent by squaring: std::pow may round differently on another CPU. REQUIRES:
// exponent >= 0.
inline double IntegerPower(double base, int64_t exponent) {
  double power = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if ((exponent & 1) != 0) power *= base;
  }
  return power;
}

}  // namespace convoy::optim
