#include "common/kernels/simd/scalar_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace convoy::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The error of `value` in units in the last place of a float near `expected`.
double UlpError(float value, double expected) {
  const double magnitude = std::max(std::abs(expected), 0x1p-126);
  return std::abs(value - expected) / std::ldexp(1.0, std::ilogb(magnitude) - 23);
}

// Calls f on floats of every sign and exponent, subnormal ones included: every 997th bit pattern.
template <typename F>
void ForFloats(F f) {
  for (uint64_t bits = 0; bits <= 0xffffffffu; bits += 997) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isfinite(x)) f(x);
  }
}

template <typename Fast, typename Exact>
void ExpectAccurate(double bound, Fast fast, Exact exact) {
  double worst = 0;
  ForFloats([&](float x) {
    const double expected = exact(static_cast<double>(x));
    if (std::abs(expected) > std::numeric_limits<float>::max()) return;
    const double error = UlpError(fast(x), expected);
    ASSERT_LT(error, bound) << "at " << x;
    worst = std::max(worst, error);
  });
  ::testing::Test::RecordProperty("worst_ulp", std::to_string(worst));
}

TEST(ScalarMathTest, ExpIsAccurate) {
  ExpectAccurate(2.0, ExpScalar, [](double x) { return std::exp(x); });
}

TEST(ScalarMathTest, ExpAtTheEndsOfItsRange) {
  EXPECT_EQ(ExpScalar(0.0f), 1.0f);
  EXPECT_EQ(ExpScalar(-0.0f), 1.0f);
  EXPECT_LT(UlpError(ExpScalar(math::kExpMax), std::exp(double{math::kExpMax})), 2.0);
  EXPECT_EQ(ExpScalar(std::nextafter(math::kExpMax, kInfinity)), kInfinity);
  EXPECT_EQ(ExpScalar(std::nextafter(math::kExpMin, 0.0f)), 0x1p-149f);
  EXPECT_EQ(ExpScalar(math::kExpMin), 0.0f);
  EXPECT_EQ(ExpScalar(kInfinity), kInfinity);
  EXPECT_EQ(ExpScalar(-kInfinity), 0.0f);
  EXPECT_TRUE(std::isnan(ExpScalar(kNan)));
}

TEST(ScalarMathTest, LogIsAccurate) {
  ExpectAccurate(
      2.0, [](float x) { return LogScalar(std::abs(x)); },
      [](double x) { return std::log(std::abs(x)); });
}

TEST(ScalarMathTest, LogNearOneIsAccurate) {
  float below = 1.0f;
  float above = 1.0f;
  for (int i = 0; i < 100000; ++i) {
    below = std::nextafter(below, 0.0f);
    above = std::nextafter(above, 2.0f);
    ASSERT_LT(UlpError(LogScalar(below), std::log(double{below})), 2.0) << below;
    ASSERT_LT(UlpError(LogScalar(above), std::log(double{above})), 2.0) << above;
  }
}

TEST(ScalarMathTest, LogAtTheEndsOfItsRange) {
  EXPECT_EQ(LogScalar(1.0f), 0.0f);
  EXPECT_EQ(LogScalar(0.0f), -kInfinity);
  EXPECT_EQ(LogScalar(-0.0f), -kInfinity);
  EXPECT_EQ(LogScalar(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(LogScalar(-1.0f)));
  EXPECT_TRUE(std::isnan(LogScalar(-kInfinity)));
  EXPECT_TRUE(std::isnan(LogScalar(kNan)));
}

TEST(ScalarMathTest, TanhIsAccurate) {
  ExpectAccurate(2.0, TanhScalar, [](double x) { return std::tanh(x); });
}

TEST(ScalarMathTest, TanhAtTheEndsOfItsRange) {
  EXPECT_EQ(TanhScalar(kInfinity), 1.0f);
  EXPECT_EQ(TanhScalar(-kInfinity), -1.0f);
  EXPECT_TRUE(std::isnan(TanhScalar(kNan)));
  EXPECT_TRUE(std::signbit(TanhScalar(-0.0f)));
}

TEST(ScalarMathTest, SigmoidIsAccurate) {
  ExpectAccurate(2.5, SigmoidScalar, [](double x) { return 1.0 / (1.0 + std::exp(-x)); });
}

TEST(ScalarMathTest, SigmoidAtTheEndsOfItsRange) {
  EXPECT_EQ(SigmoidScalar(0.0f), 0.5f);
  EXPECT_EQ(SigmoidScalar(kInfinity), 1.0f);
  EXPECT_EQ(SigmoidScalar(-kInfinity), 0.0f);
  EXPECT_TRUE(std::isnan(SigmoidScalar(kNan)));
}

}  // namespace
}  // namespace convoy::kernels
