// Sine and cosine by additions, multiplications and divisions alone. IEEE 754 defines those to the
// last bit, whereas the C library's functions may round differently by CPU.
#pragma once

#include <cmath>

namespace convoy {

// Returns sin(pi x) for -1/2 <= x <= 1/2, by its Taylor series; error below 1e-15.
inline double SineOfHalfTurns(double x) {
  constexpr double kPi = 3.14159265358979323846;
  const double y = kPi * x;
  const double square = y * y;
  double sum = 1;
  for (int k = 23; k >= 3; k -= 2) sum = 1 - sum * square / (k * (k - 1));
  return sum * y;
}

// Returns cos(pi x) for -1 <= x <= 1; error below 1e-15.
inline double CosineOfHalfTurns(double x) { return SineOfHalfTurns(0.5 - std::abs(x)); }

}  // namespace convoy
