#include "common/kernels/dense.h"

#include <gtest/gtest.h>

#include <limits>
#include <tuple>

#include "common/kernels/dense_ref.h"
#include "common/kernels/kernel_testing.h"

namespace convoy::kernels {
namespace {

// The operands and results of a layer, in T.
template <typename T>
struct Layer {
  Layer(int images, int in_elems, int out_elems)
      : n(images),
        in(in_elems),
        out(out_elems),
        src(UniformValues<T>(n * in, 1)),
        weight(UniformValues<T>(in * out, 2)),
        bias(UniformValues<T>(out, 3)),
        d_dst(UniformValues<T>(n * out, 4)),
        dst(n * out, kUnset),
        d_src(n * in, kUnset),
        d_weight(in * out, kUnset),
        d_bias(out, kUnset) {}

  static constexpr T kUnset = std::numeric_limits<T>::quiet_NaN();
  int n, in, out;
  std::vector<T> src, weight, bias, d_dst, dst, d_src, d_weight, d_bias;
};

template <typename T>
void RunReference(Layer<T>& layer) {
  DenseForwardRef(layer.n, layer.in, layer.out, layer.src.data(), layer.weight.data(),
                  layer.bias.data(), layer.dst.data());
  DenseBackwardRef(layer.n, layer.in, layer.out, layer.src.data(), layer.weight.data(),
                   layer.d_dst.data(), layer.d_src.data(), layer.d_weight.data(),
                   layer.d_bias.data());
}

void RunKernels(Layer<float>& layer) {
  DenseForward(layer.n, layer.in, layer.out, layer.src.data(), layer.weight.data(),
               layer.bias.data(), layer.dst.data());
  DenseBackward(layer.n, layer.in, layer.out, layer.src.data(), layer.weight.data(),
                layer.d_dst.data(), layer.d_src.data(), layer.d_weight.data(), layer.d_bias.data());
}

class DenseTest : public ::testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(DenseTest, MatchesReference) {
  const auto [n, in, out] = GetParam();
  Layer<float> layer(n, in, out);
  Layer<float> expected(n, in, out);
  RunKernels(layer);
  RunReference(expected);
  ExpectNear(layer.dst, expected.dst, 1e-5);
  ExpectNear(layer.d_src, expected.d_src, 1e-5);
  ExpectNear(layer.d_weight, expected.d_weight, 1e-5);
  ExpectSameBits(layer.d_bias, expected.d_bias);
}

TEST_P(DenseTest, WhatIsNullIsLeftOut) {
  const auto [n, in, out] = GetParam();
  Layer<float> layer(n, in, out);
  Layer<float> expected(n, in, out);
  expected.bias.assign(out, 0.0f);
  DenseForward(n, in, out, layer.src.data(), layer.weight.data(), nullptr, layer.dst.data());
  DenseBackward(n, in, out, layer.src.data(), layer.weight.data(), layer.d_dst.data(), nullptr,
                layer.d_weight.data(), nullptr);
  RunReference(expected);
  ExpectNear(layer.dst, expected.dst, 1e-5);
  ExpectNear(layer.d_weight, expected.d_weight, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DenseTest,
                         ::testing::Combine(::testing::Values(0, 1, 13, 16),
                                            ::testing::Values(1, 7, 100),
                                            ::testing::Values(1, 10, 33)));

TEST(DenseReferenceTest, GradientsMatchFiniteDifferences) {
  Layer<double> layer(3, 4, 5);
  RunReference(layer);
  const auto objective = [&] {
    DenseForwardRef(layer.n, layer.in, layer.out, layer.src.data(), layer.weight.data(),
                    layer.bias.data(), layer.dst.data());
    return Dot(layer.dst, layer.d_dst);
  };
  ExpectGradient(layer.src, layer.d_src, objective);
  ExpectGradient(layer.weight, layer.d_weight, objective);
  ExpectGradient(layer.bias, layer.d_bias, objective);
}

}  // namespace
}  // namespace convoy::kernels
