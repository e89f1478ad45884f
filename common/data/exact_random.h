// Random numbers of some shapes, by additions, multiplications and divisions alone. IEEE 754
// defines those to the last bit, whereas a library's exp, log and cos may round differently by CPU.
#pragma once

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

// Returns a factor around 1, as likely x as 1 / x; the deviation of its logarithm is about
// `spread`. REQUIRES: 0 <= spread < 2/3.
inline double RandomScale(RandomSequence& random, double spread) {
  const double u = 0.5 * spread * NearlyNormal(random);
  return (1 + u) / (1 - u);
}

}  // namespace convoy::data
