#include "common/kernels/elementwise/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "common/kernels/elementwise/activation_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

// Of the functions that have one.
constexpr float kAlpha = 0.25f;
constexpr double kAlphaExact = 0.25;

constexpr int64_t kSizes[] = {0, 1, 3, 4, 7, 15, 16, 17, 63, 1000};

// Every function on every instruction set of the machine.
class ActivationTest : public ::testing::TestWithParam<std::tuple<Isa, Activation>> {
 protected:
  Activation activation() const { return std::get<1>(GetParam()); }

 private:
  WithIsa with_isa_{std::get<0>(GetParam())};
};

TEST_P(ActivationTest, ForwardMatchesReference) {
  for (int64_t n : kSizes) {
    const std::vector<float> src = UniformValues(n, 1, 10);
    const std::vector<double> exact_src(src.begin(), src.end());
    std::vector<float> dst(src.size());
    std::vector<double> expected(src.size());
    ActivationForward(activation(), src.data(), dst.data(), n, kAlpha);
    ActivationForwardRef(activation(), exact_src.data(), expected.data(), n, kAlphaExact);
    ExpectNear(dst, expected, 2e-7);
  }
}

TEST_P(ActivationTest, BackwardMatchesReference) {
  for (int64_t n : kSizes) {
    const std::vector<float> src = UniformValues(n, 1, 3);
    const std::vector<float> d_dst = UniformValues(n, 2);
    std::vector<float> dst(src.size());
    ActivationForward(activation(), src.data(), dst.data(), n, kAlpha);
    std::vector<float> d_src(src.size());
    std::vector<float> expected(src.size());
    ActivationBackward(activation(), dst.data(), d_dst.data(), d_src.data(), n, kAlpha);
    ActivationBackwardRef(activation(), dst.data(), d_dst.data(), expected.data(), n, kAlpha);
    ExpectSameBits(d_src, expected);
  }
}

TEST_P(ActivationTest, ReferenceGradientMatchesFiniteDifferences) {
  constexpr int64_t kElems = 50;
  std::vector<double> src = UniformValues<double>(kElems, 1, 2);
  const std::vector<double> d_dst = UniformValues<double>(kElems, 2);
  std::vector<double> dst(kElems);
  std::vector<double> d_src(kElems);
  ActivationForwardRef(activation(), src.data(), dst.data(), kElems, kAlphaExact);
  ActivationBackwardRef(activation(), dst.data(), d_dst.data(), d_src.data(), kElems, kAlphaExact);
  ExpectGradient(src, d_src, [&] {
    ActivationForwardRef(activation(), src.data(), dst.data(), kElems, kAlphaExact);
    return Dot(dst, d_dst);
  });
}

TEST_P(ActivationTest, SplittingAndWorkingInPlaceGiveTheSameBits) {
  constexpr int64_t kElems = 101;
  const std::vector<float> src = UniformValues(kElems, 1, 10);
  const std::vector<float> d_dst = UniformValues(kElems, 2);
  std::vector<float> dst(kElems);
  std::vector<float> d_src(kElems);
  ActivationForward(activation(), src.data(), dst.data(), kElems, kAlpha);
  ActivationBackward(activation(), dst.data(), d_dst.data(), d_src.data(), kElems, kAlpha);
  for (int64_t split = 0; split <= kElems; ++split) {
    std::vector<float> forward = src;
    std::vector<float> backward = d_dst;
    const int64_t rest = kElems - split;
    ActivationForward(activation(), forward.data(), forward.data(), split, kAlpha);
    ActivationForward(activation(), forward.data() + split, forward.data() + split, rest, kAlpha);
    ActivationBackward(activation(), dst.data(), backward.data(), backward.data(), split, kAlpha);
    ActivationBackward(activation(), dst.data() + split, backward.data() + split,
                       backward.data() + split, rest, kAlpha);
    ExpectSameBits(forward, dst);
    ExpectSameBits(backward, d_src);
  }
}

TEST_P(ActivationTest, NanStaysNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> src(9, nan);
  std::vector<float> dst(src.size());
  ActivationForward(activation(), src.data(), dst.data(), std::ssize(src));
  for (float value : dst) EXPECT_TRUE(std::isnan(value));
}

INSTANTIATE_TEST_SUITE_P(
    All, ActivationTest,
    ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                       ::testing::Values(Activation::kLinear, Activation::kRelu,
                                         Activation::kSigmoid, Activation::kTanh,
                                         Activation::kLeakyRelu, Activation::kElu)));

class ReluTest : public EveryIsaTest {};

TEST_P(ReluTest, HasNoNegativeZeroAndNoGradientAtZero) {
  const float src[] = {-0.0f, 0.0f, -1.0f};
  const float d_dst[] = {5.0f, 5.0f, 5.0f};
  float dst[3];
  float d_src[3];
  ActivationForward(Activation::kRelu, src, dst, 3);
  ActivationBackward(Activation::kRelu, dst, d_dst, d_src, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(std::bit_cast<uint32_t>(dst[i]), 0u);
    EXPECT_EQ(d_src[i], 0.0f);
  }
}

CONVOY_INSTANTIATE_FOR_EVERY_ISA(ReluTest);

}  // namespace
}  // namespace convoy::kernels
