#include "common/kernels/conv/im2col.h"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <vector>

#include "common/kernels/conv/conv2d_ref.h"
#include "common/kernels/conv/conv_testing.h"

namespace convoy::kernels {

void PrintTo(const Conv2dGeometry& g, std::ostream* out) {
  *out << g.in_height << "x" << g.in_width << "x" << g.in_channels << " to " << g.out_height << "x"
       << g.out_width << "x" << g.out_channels << ", window " << g.kernel_height << "x"
       << g.kernel_width << ", stride " << g.stride_height << "x" << g.stride_width << ", padding "
       << g.pad_top << "," << g.pad_left;
}

namespace {

class Im2colTest : public ::testing::TestWithParam<Conv2dGeometry> {};

TEST_P(Im2colTest, ForwardMatchesReference) {
  const Conv2dGeometry g = GetParam();
  const std::vector<float> weight = RandomVector<float>(WeightFloats(g), 1);
  const std::vector<float> bias = RandomVector<float>(g.out_channels, 2);
  const std::vector<float> src = RandomVector<float>(SrcFloats(g), 3);
  std::vector<float> workspace(Im2colWorkspaceFloats(g), std::numeric_limits<float>::quiet_NaN());
  std::vector<float> dst(DstFloats(g), -7);
  Im2colForward(g, src.data(), weight.data(), bias.data(), dst.data(), workspace.data());
  std::vector<double> expected(dst.size());
  Conv2dForwardRef<double>(g, 1, Cast<double>(src).data(), Cast<double>(weight).data(),
                           Cast<double>(bias).data(), expected.data());
  EXPECT_LT(RelativeL2(dst, expected), 2e-6);
}

TEST_P(Im2colTest, BackwardAddsWhatTheReferenceComputes) {
  const Conv2dGeometry g = GetParam();
  const int n = 5;
  const std::vector<float> weight = RandomVector<float>(WeightFloats(g), 1);
  const std::vector<float> src = RandomVector<float>(n * SrcFloats(g), 3);
  const std::vector<float> d_dst = RandomVector<float>(n * DstFloats(g), 4);
  std::vector<float> workspace(Im2colWorkspaceFloats(g), std::numeric_limits<float>::quiet_NaN());
  std::vector<float> d_src(src.size(), -7), d_weight(weight.size()), d_bias(g.out_channels);
  std::vector<float> without(d_weight), bias_without(d_bias);
  for (int image = 0; image < n; ++image) {
    const float* image_src = src.data() + image * SrcFloats(g);
    const float* image_d_dst = d_dst.data() + image * DstFloats(g);
    Im2colBackward(g, image_src, weight.data(), image_d_dst, d_src.data() + image * SrcFloats(g),
                   d_weight.data(), d_bias.data(), workspace.data());
    Im2colBackward(g, image_src, weight.data(), image_d_dst, nullptr, without.data(),
                   bias_without.data(), workspace.data());
  }
  std::vector<double> d_src_ref(src.size()), d_weight_ref(weight.size()), d_bias_ref(d_bias.size());
  Conv2dBackwardRef<double>(g, n, Cast<double>(src).data(), Cast<double>(weight).data(),
                            Cast<double>(d_dst).data(), d_src_ref.data(), d_weight_ref.data(),
                            d_bias_ref.data());
  EXPECT_LT(RelativeL2(d_src, d_src_ref), 2e-6);
  EXPECT_LT(RelativeL2(d_weight, d_weight_ref), 5e-6);
  EXPECT_LT(RelativeL2(d_bias, d_bias_ref), 5e-6);
  EXPECT_EQ(without, d_weight);
}

// A scalar loss sum(dst * c) has d_dst = c; every gradient is compared with central differences.
TEST_P(Im2colTest, ReferenceGradientMatchesFiniteDifference) {
  const Conv2dGeometry g = GetParam();
  const int n = 2;
  const std::vector<double> factors = RandomVector<double>(n * DstFloats(g), 4);
  std::vector<double> src = RandomVector<double>(n * SrcFloats(g), 3);
  std::vector<double> weight = RandomVector<double>(WeightFloats(g), 1);
  std::vector<double> bias = RandomVector<double>(g.out_channels, 2);
  std::vector<double> d_src(src.size()), d_weight(weight.size()), d_bias(bias.size());
  Conv2dBackwardRef<double>(g, n, src.data(), weight.data(), factors.data(), d_src.data(),
                            d_weight.data(), d_bias.data());
  const auto loss = [&] {
    std::vector<double> dst(factors.size());
    Conv2dForwardRef<double>(g, n, src.data(), weight.data(), bias.data(), dst.data());
    double sum = 0;
    for (size_t i = 0; i < dst.size(); ++i) sum += dst[i] * factors[i];
    return sum;
  };
  const auto check = [&](std::vector<double>& values, const std::vector<double>& gradient) {
    const size_t stride = std::max<size_t>(1, values.size() / 11);
    for (size_t i = 0; i < values.size(); i += stride) {
      const double value = values[i];
      values[i] = value + 1e-3;
      const double above = loss();
      values[i] = value - 1e-3;
      const double below = loss();
      values[i] = value;
      EXPECT_NEAR((above - below) / 2e-3, gradient[i], 1e-8);
    }
  };
  check(src, d_src);
  check(weight, d_weight);
  check(bias, d_bias);
}

// in height, width, channels; out height, width, channels; kernel; stride; padding top, left
INSTANTIATE_TEST_SUITE_P(Sizes, Im2colTest,
                         ::testing::Values(Conv2dGeometry{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
                                           Conv2dGeometry{1, 1, 3, 1, 1, 5, 3, 3, 1, 1, 1, 1},
                                           Conv2dGeometry{28, 28, 1, 26, 26, 32, 3, 3, 1, 1, 0, 0},
                                           Conv2dGeometry{13, 13, 7, 11, 11, 9, 3, 3, 1, 1, 0, 0},
                                           Conv2dGeometry{7, 5, 3, 7, 5, 4, 3, 3, 1, 1, 1, 1},
                                           Conv2dGeometry{9, 14, 2, 4, 7, 5, 5, 3, 2, 2, 1, 1},
                                           Conv2dGeometry{8, 8, 5, 8, 8, 6, 1, 1, 1, 1, 0, 0},
                                           Conv2dGeometry{6, 7, 4, 2, 2, 3, 2, 3, 3, 4, 0, 0},
                                           Conv2dGeometry{2, 3, 1, 5, 6, 2, 5, 5, 1, 1, 4, 4},
                                           Conv2dGeometry{28, 28, 1, 28, 28, 6, 5, 5, 1, 1, 2, 2}));

}  // namespace
}  // namespace convoy::kernels
