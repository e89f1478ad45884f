#include "common/kernels/pooling/average_pool.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "common/kernels/pooling/average_pool_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

// Even and odd sizes, overlapping windows, gaps between them, padding, the whole image at once.
constexpr Pool2dGeometry kGeometries[] = {
    {4, 6, 3, 2, 3, 2, 2, 2, 2, 0, 0},  {7, 5, 16, 3, 2, 2, 2, 2, 2, 0, 0},
    {5, 5, 17, 5, 5, 3, 3, 1, 1, 1, 1}, {9, 7, 1, 3, 3, 2, 1, 3, 3, 0, 0},
    {6, 7, 33, 3, 4, 3, 3, 2, 2, 0, 1}, {3, 4, 8, 1, 1, 3, 4, 3, 4, 0, 0},
    {1, 1, 2, 1, 1, 1, 1, 1, 1, 0, 0},
};

int64_t Inputs(const Pool2dGeometry& g) { return int64_t{g.in_height} * g.in_width * g.channels; }
int64_t Outputs(const Pool2dGeometry& g) {
  return int64_t{g.out_height} * g.out_width * g.channels;
}

// Every geometry on every instruction set of the machine.
class AveragePoolTest : public ::testing::TestWithParam<std::tuple<Isa, size_t>> {
 protected:
  const Pool2dGeometry& geometry() const { return kGeometries[std::get<1>(GetParam())]; }

 private:
  WithIsa with_isa_{std::get<0>(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(All, AveragePoolTest,
                         ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                                            ::testing::Range(size_t{0}, std::size(kGeometries))));

TEST_P(AveragePoolTest, ForwardHasTheReferencesBits) {
  for (const int n : {0, 1, 3}) {
    const std::vector<float> src = UniformValues(n * Inputs(geometry()), 1);
    std::vector<float> dst(n * Outputs(geometry()), -7);
    std::vector<float> expected(dst.size());
    AveragePoolForward(geometry(), n, src.data(), dst.data());
    AveragePoolForwardRef(geometry(), n, src.data(), expected.data());
    ExpectSameBits(dst, expected);
  }
}

TEST_P(AveragePoolTest, BackwardHasTheReferencesBits) {
  for (const int n : {0, 1, 3}) {
    const std::vector<float> d_dst = UniformValues(n * Outputs(geometry()), 1);
    std::vector<float> d_src(n * Inputs(geometry()), -7);
    std::vector<float> expected(d_src.size());
    AveragePoolBackward(geometry(), n, d_dst.data(), d_src.data());
    AveragePoolBackwardRef(geometry(), n, d_dst.data(), expected.data());
    ExpectSameBits(d_src, expected);
  }
}

TEST_P(AveragePoolTest, ReferenceGradientMatchesFiniteDifferences) {
  std::vector<double> src = UniformValues<double>(2 * Inputs(geometry()), 1);
  const std::vector<double> d_dst = UniformValues<double>(2 * Outputs(geometry()), 2);
  std::vector<double> dst(d_dst.size());
  std::vector<double> d_src(src.size());
  AveragePoolBackwardRef(geometry(), 2, d_dst.data(), d_src.data());
  ExpectGradient(src, d_src, [&] {
    AveragePoolForwardRef(geometry(), 2, src.data(), dst.data());
    return Dot(dst, d_dst);
  });
}

// Padding is not counted: the mean of equal values is that value, also at the border.
TEST_P(AveragePoolTest, MeanOfEqualValuesIsTheirValue) {
  const std::vector<float> src(Inputs(geometry()), 0.75f);
  std::vector<float> dst(Outputs(geometry()));
  AveragePoolForward(geometry(), 1, src.data(), dst.data());
  EXPECT_EQ(dst, std::vector<float>(dst.size(), 0.75f));
}

}  // namespace
}  // namespace convoy::kernels
