#include "common/kernels/elementwise/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "common/kernels/elementwise/batch_norm_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

constexpr float kEpsilon = 1e-3f;

// Every size on every instruction set of the machine.
class BatchNormTest : public ::testing::TestWithParam<std::tuple<Isa, int64_t, int64_t>> {
 protected:
  int64_t rows() const { return std::get<1>(GetParam()); }
  int64_t channels() const { return std::get<2>(GetParam()); }

 private:
  WithIsa with_isa_{std::get<0>(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(All, BatchNormTest,
                         ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                                            ::testing::Values(0, 1, 2, 63, 64, 65, 1000),
                                            ::testing::Values(1, 3, 16, 33)));

// One call forward and back, in single precision.
struct Fast {
  Fast(int64_t rows, int64_t channels)
      : src(UniformValues(rows * channels, 1, 3)),
        gamma(UniformValues(channels, 2)),
        beta(UniformValues(channels, 3)),
        d_dst(UniformValues(rows * channels, 4)),
        mean(channels),
        variance(channels),
        inverse(channels),
        dst(rows * channels),
        d_src(rows * channels),
        d_gamma(channels),
        d_beta(channels),
        sums(2 * channels) {
    for (float& value : src) value += 5;  // far from 0, so that differences matter
    const BatchNormColumns columns{gamma.data(), beta.data(), mean.data(), variance.data(),
                                   inverse.data()};
    BatchNormForward(rows, channels, kEpsilon, src.data(), columns, dst.data(), sums.data());
    BatchNormBackward(rows, channels, src.data(), columns, d_dst.data(), d_src.data(),
                      d_gamma.data(), d_beta.data(), sums.data());
  }
  std::vector<float> src, gamma, beta, d_dst;
  std::vector<float> mean, variance, inverse, dst, d_src, d_gamma, d_beta;
  std::vector<double> sums;
};

std::vector<double> ToDouble(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

TEST_P(BatchNormTest, MatchesReferenceInDouble) {
  const Fast fast(rows(), channels());
  const auto src = ToDouble(fast.src), gamma = ToDouble(fast.gamma), beta = ToDouble(fast.beta);
  const auto d_dst = ToDouble(fast.d_dst);
  std::vector<double> mean(channels()), variance(channels()), dst(src.size());
  std::vector<double> d_src(src.size()), d_gamma(channels()), d_beta(channels());
  const double epsilon = kEpsilon;
  BatchNormForwardRef(rows(), channels(), epsilon, src.data(), gamma.data(), beta.data(),
                      mean.data(), variance.data(), dst.data());
  BatchNormBackwardRef(rows(), channels(), epsilon, src.data(), gamma.data(), mean.data(),
                       variance.data(), d_dst.data(), d_src.data(), d_gamma.data(), d_beta.data());
  ExpectNear(fast.mean, mean, 1e-6);
  ExpectNear(fast.variance, variance, 1e-6);
  // One or two rows may have nearly no variance: then the inverse is up to 1 / sqrt(epsilon).
  ExpectNear(fast.dst, dst, 3e-5);
  ExpectNear(fast.d_beta, d_beta, 1e-5);
  ExpectNear(fast.d_gamma, d_gamma, 2e-5);
  ExpectNear(fast.d_src, d_src, 1e-4);
}

TEST_P(BatchNormTest, EveryInstructionSetGivesTheSameBits) {
  const Fast here(rows(), channels());
  const WithIsa with_isa(SupportedIsas().front());
  const Fast best(rows(), channels());
  ExpectSameBits(here.dst, best.dst);
  ExpectSameBits(here.d_src, best.d_src);
  ExpectSameBits(here.d_gamma, best.d_gamma);
  ExpectSameBits(here.variance, best.variance);
}

TEST_P(BatchNormTest, ScaleAndShiftTreatsEachRowAlone) {
  const Fast fast(rows(), channels());
  std::vector<float> together(fast.src.size());
  std::vector<float> apart(fast.src.size());
  ScaleAndShift(rows(), channels(), fast.src.data(), fast.gamma.data(), fast.beta.data(),
                together.data());
  for (int64_t row = 0; row < rows(); ++row) {
    ScaleAndShift(1, channels(), fast.src.data() + row * channels(), fast.gamma.data(),
                  fast.beta.data(), apart.data() + row * channels());
    for (int64_t c = 0; c < channels(); ++c) {
      const int64_t i = row * channels() + c;
      EXPECT_EQ(together[i], fast.src[i] * fast.gamma[c] + fast.beta[c]);
    }
  }
  ExpectSameBits(apart, together);
}

TEST(BatchNormReferenceTest, GradientsMatchFiniteDifferences) {
  constexpr int64_t kRows = 7;
  constexpr int64_t kChannels = 3;
  std::vector<double> src = UniformValues<double>(kRows * kChannels, 1);
  std::vector<double> gamma = UniformValues<double>(kChannels, 2);
  std::vector<double> beta = UniformValues<double>(kChannels, 3);
  const std::vector<double> d_dst = UniformValues<double>(kRows * kChannels, 4);
  std::vector<double> mean(kChannels), variance(kChannels), dst(src.size()), d_src(src.size());
  std::vector<double> d_gamma(kChannels), d_beta(kChannels);
  const auto objective = [&] {
    BatchNormForwardRef(kRows, kChannels, 1e-3, src.data(), gamma.data(), beta.data(), mean.data(),
                        variance.data(), dst.data());
    return Dot(dst, d_dst);
  };
  objective();
  BatchNormBackwardRef(kRows, kChannels, 1e-3, src.data(), gamma.data(), mean.data(),
                       variance.data(), d_dst.data(), d_src.data(), d_gamma.data(), d_beta.data());
  ExpectGradient(src, d_src, objective);
  ExpectGradient(gamma, d_gamma, objective);
  ExpectGradient(beta, d_beta, objective);
}

}  // namespace
}  // namespace convoy::kernels
