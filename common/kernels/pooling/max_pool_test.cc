#include "common/kernels/pooling/max_pool.h"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "common/kernels/conv/conv_testing.h"
#include "common/kernels/pooling/max_pool_ref.h"

namespace convoy::kernels {

void PrintTo(const Pool2dGeometry& g, std::ostream* out) {
  *out << g.in_height << "x" << g.in_width << "x" << g.channels << " to " << g.out_height << "x"
       << g.out_width << ", pool " << g.pool_height << "x" << g.pool_width << ", stride "
       << g.stride_height << "x" << g.stride_width << ", padding " << g.pad_top << ","
       << g.pad_left;
}

namespace {

int64_t Inputs(const Pool2dGeometry& g) { return int64_t{g.in_height} * g.in_width * g.channels; }
int64_t Outputs(const Pool2dGeometry& g) {
  return int64_t{g.out_height} * g.out_width * g.channels;
}

// Few different values, so that there are ties.
template <typename T>
std::vector<T> CoarseVector(int64_t size, uint32_t stream) {
  std::vector<T> values = RandomVector<T>(size, stream);
  for (T& value : values) value = std::round(value * 5) / 5;
  return values;
}

class MaxPoolTest : public ::testing::TestWithParam<Pool2dGeometry> {};

TEST_P(MaxPoolTest, ForwardMatchesReference) {
  const Pool2dGeometry g = GetParam();
  for (int n : {0, 1, 3}) {
    const std::vector<float> src = CoarseVector<float>(n * Inputs(g), 1);
    std::vector<float> dst(n * Outputs(g), -7), expected(dst.size()), inference(dst.size());
    std::vector<int32_t> argmax(dst.size(), -7), expected_argmax(dst.size());
    MaxPoolForward(g, n, src.data(), dst.data(), argmax.data());
    MaxPoolForward(g, n, src.data(), inference.data(), nullptr);
    MaxPoolForwardRef<float>(g, n, src.data(), expected.data(), expected_argmax.data());
    EXPECT_EQ(dst, expected);
    EXPECT_EQ(inference, expected);
    EXPECT_EQ(argmax, expected_argmax);
  }
}

TEST_P(MaxPoolTest, BackwardMatchesReference) {
  const Pool2dGeometry g = GetParam();
  for (int n : {0, 1, 3}) {
    const std::vector<float> src = CoarseVector<float>(n * Inputs(g), 1);
    const std::vector<float> d_dst = RandomVector<float>(n * Outputs(g), 2);
    std::vector<float> dst(d_dst.size()), d_src(src.size(), -7), expected(src.size());
    std::vector<int32_t> argmax(d_dst.size());
    MaxPoolForward(g, n, src.data(), dst.data(), argmax.data());
    MaxPoolBackward(g, n, d_dst.data(), argmax.data(), d_src.data());
    MaxPoolBackwardRef<float>(g, n, d_dst.data(), argmax.data(), expected.data());
    EXPECT_EQ(d_src, expected);
  }
}

TEST_P(MaxPoolTest, ReferenceGradientMatchesFiniteDifference) {
  const Pool2dGeometry g = GetParam();
  std::vector<double> src = RandomVector<double>(Inputs(g), 1);
  const std::vector<double> factors = RandomVector<double>(Outputs(g), 2);
  std::vector<double> dst(factors.size()), d_src(src.size());
  std::vector<int32_t> argmax(factors.size());
  const auto loss = [&] {
    MaxPoolForwardRef<double>(g, 1, src.data(), dst.data(), argmax.data());
    double sum = 0;
    for (size_t i = 0; i < dst.size(); ++i) sum += dst[i] * factors[i];
    return sum;
  };
  loss();
  MaxPoolBackwardRef<double>(g, 1, factors.data(), argmax.data(), d_src.data());
  const size_t stride = src.size() / 97 + 1;
  for (size_t i = 0; i < src.size(); i += stride) {
    const double value = src[i];
    src[i] = value + 1e-9;
    const double above = loss();
    src[i] = value - 1e-9;
    const double below = loss();
    src[i] = value;
    EXPECT_NEAR((above - below) / 2e-9, d_src[i], 1e-5);
  }
}

// in height, width, channels; out height, width; pool; stride; padding top, left
INSTANTIATE_TEST_SUITE_P(Sizes, MaxPoolTest,
                         ::testing::Values(Pool2dGeometry{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
                                           Pool2dGeometry{26, 26, 32, 13, 13, 2, 2, 2, 2, 0, 0},
                                           Pool2dGeometry{11, 11, 9, 5, 5, 2, 2, 2, 2, 0, 0},
                                           Pool2dGeometry{7, 6, 5, 4, 3, 2, 2, 2, 2, 0, 0},
                                           Pool2dGeometry{9, 13, 3, 4, 6, 3, 3, 2, 2, 0, 0},
                                           Pool2dGeometry{5, 5, 2, 5, 5, 3, 3, 1, 1, 1, 1},
                                           Pool2dGeometry{6, 9, 7, 2, 3, 2, 1, 4, 3, 0, 0},
                                           Pool2dGeometry{4, 4, 17, 1, 1, 4, 4, 4, 4, 0, 0}));

}  // namespace
}  // namespace convoy::kernels
