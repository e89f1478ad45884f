// What the tests of kernels share: instruction sets, random operands and comparisons of whole
// arrays.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/label.h"
#include "common/base/random.h"
#include "common/kernels/simd/isa.h"

namespace convoy::kernels {

// Makes the kernels use an instruction set as long as it lives, then the best one again.
class WithIsa {
 public:
  explicit WithIsa(Isa isa) { EXPECT_TRUE(SelectIsa(isa).ok()); }
  ~WithIsa() { EXPECT_TRUE(SelectIsa(SupportedIsas().front()).ok()); }
  WithIsa(const WithIsa&) = delete;
  WithIsa& operator=(const WithIsa&) = delete;
};

// A test that runs on every instruction set of the machine.
class EveryIsaTest : public ::testing::TestWithParam<Isa> {
 private:
  WithIsa with_isa_{GetParam()};
};

inline std::string IsaTestName(const ::testing::TestParamInfo<Isa>& info) {
  return std::string(IsaName(info.param));
}

#define CONVOY_INSTANTIATE_FOR_EVERY_ISA(suite) \
  INSTANTIATE_TEST_SUITE_P(Isa, suite, ::testing::ValuesIn(SupportedIsas()), IsaTestName)

// Uniform in [-range, range).
template <typename T = float>
std::vector<T> UniformValues(int64_t size, uint32_t stream, double range = 1) {
  RandomSequence random(11, RandomStream::kNoise, stream);
  std::vector<T> values(static_cast<size_t>(size));
  for (T& value : values) value = static_cast<T>((2 * random.NextFloat() - 1) * range);
  return values;
}

inline std::vector<Label> Labels(int64_t size, int classes, uint32_t stream) {
  RandomSequence random(12, RandomStream::kNoise, stream);
  std::vector<Label> labels(static_cast<size_t>(size));
  for (Label& label : labels) label = static_cast<Label>(random.NextBelow(classes));
  return labels;
}

inline void ExpectSameBits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(a[i]), std::bit_cast<uint32_t>(b[i]))
        << a[i] << " against " << b[i] << " at " << i << " of " << a.size();
  }
}

template <typename A, typename B>
void ExpectNear(const std::vector<A>& a, const std::vector<B>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const double expected = static_cast<double>(b[i]);
    ASSERT_NEAR(static_cast<double>(a[i]), expected, tolerance * (1 + std::abs(expected)))
        << "at " << i << " of " << a.size();
  }
}

// Expects `gradient` to be the derivative of `objective()` by each of `values`, by central
// differences in double. `objective` reads `values`.
template <typename Objective>
void ExpectGradient(std::vector<double>& values, const std::vector<double>& gradient,
                    Objective objective) {
  constexpr double kStep = 1e-5;
  ASSERT_EQ(values.size(), gradient.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + kStep;
    const double above = objective();
    values[i] = value - kStep;
    const double below = objective();
    values[i] = value;
    ASSERT_NEAR((above - below) / (2 * kStep), gradient[i], 1e-8) << "at " << i;
  }
}

// The sum of a[i] * b[i]: an objective whose gradient by `a` is `b`.
inline double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace convoy::kernels
