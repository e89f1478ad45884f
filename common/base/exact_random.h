// Random numbers of some shapes, by additions, multiplications and divisions alone. IEEE 754
// defines those to the last bit, whereas a library's exp, log and cos may round differently by CPU.
#pragma once

#include <cmath>
#include <numbers>

#include "common/base/random.h"

namespace convoy::data {

inline double Uniform(RandomSequence& random, double low, double high) {
  return low + (high - low) * random.NextFloat();
}

// Returns a number with mean 0 and variance 1, never beyond 3: a sum of three uniform ones, whose
// density is close to the normal one.
inline double NearlyNormal(RandomSequence& random) {
  double sum = random.NextFloat();
  sum += random.NextFloat();
  sum += random.NextFloat();
  return 2 * (sum - 1.5);
}

// Returns the natural logarithm, to about 1e-15 relative: log(2^e m) = e ln 2 + 2 artanh(s) with
// s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)). REQUIRES: x > 0 and finite.
inline double ExactLog(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < std::numbers::sqrt2 / 2) {
    mantissa *= 2;
    --exponent;
  }
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return exponent * std::numbers::ln2 + 2 * s * sum;
}

// Returns a number of the standard normal distribution, by the polar method. Source: Marsaglia,
// Bray, "A convenient method for generating normal variables", SIAM Review 6 (1964). The square
// root is exact by IEEE 754 too.
inline double Normal(RandomSequence& random) {
  for (;;) {
    const double x = Uniform(random, -1, 1);
    const double y = Uniform(random, -1, 1);
    const double square = x * x + y * y;
    if (square > 0 && square < 1) return x * std::sqrt(-2 * ExactLog(square) / square);
  }
}

// Returns a factor around 1, as likely x as 1 / x; the deviation of its logarithm is about
// `spread`. REQUIRES: 0 <= spread < 2/3.
inline double RandomScale(RandomSequence& random, double spread) {
  const double u = 0.5 * spread * NearlyNormal(random);
  return (1 + u) / (1 - u);
}

}  // namespace convoy::data
