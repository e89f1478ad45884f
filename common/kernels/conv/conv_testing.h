// What the tests and benchmarks of the convolution kernels share: random values and comparisons.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/base/random.h"
#include "common/kernels/conv/conv2d_geometry.h"

namespace convoy::kernels {

// Returns `size` numbers uniform in [-0.5, 0.5), the same for the same stream.
template <typename T>
std::vector<T> RandomVector(int64_t size, uint32_t stream) {
  RandomSequence random(5, RandomStream::kNoise, stream);
  std::vector<T> values(static_cast<size_t>(size));
  for (T& value : values) value = static_cast<T>(random.NextFloat()) - T{0.5};
  return values;
}

template <typename To, typename From>
std::vector<To> Cast(const std::vector<From>& from) {
  return std::vector<To>(from.begin(), from.end());
}

// Returns |actual - expected| / |expected| in the L2 norm, or |actual| if `expected` is 0.
template <typename Actual>
double RelativeL2(const Actual& actual, const std::vector<double>& expected) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double d = actual[i] - expected[i];
    difference += d * d;
    norm += expected[i] * expected[i];
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

inline int64_t SrcFloats(const Conv2dGeometry& g) {
  return int64_t{g.in_height} * g.in_width * g.in_channels;
}

inline int64_t DstFloats(const Conv2dGeometry& g) {
  return int64_t{g.out_height} * g.out_width * g.out_channels;
}

inline int64_t WeightFloats(const Conv2dGeometry& g) {
  return int64_t{g.kernel_height} * g.kernel_width * g.in_channels * g.out_channels;
}

}  // namespace convoy::kernels
