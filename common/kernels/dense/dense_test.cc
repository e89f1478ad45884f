#include "common/kernels/dense/dense.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/kernels/conv/conv_testing.h"
#include "common/kernels/dense/dense_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

// Uniform values, of which about `zeros` are 0.
std::vector<float> ValuesWithZeros(int64_t size, double zeros, uint32_t stream) {
  std::vector<float> values = RandomVector<float>(size, stream);
  const std::vector<float> choice = RandomVector<float>(size, stream + 100);
  for (int64_t i = 0; i < size; ++i) values[i] = choice[i] + 0.5 < zeros ? 0 : values[i];
  return values;
}

class Buffers {
 public:
  Buffers(int max_images, int out) {
    WorkspaceCarver measure(nullptr);
    CarveDenseGradients(max_images, out, measure);
    block_ = AlignedBuffer<std::byte>(measure.bytes());
    WorkspaceCarver carver(block_.data());
    buffers_ = CarveDenseGradients(max_images, out, carver);
  }
  const DenseGradientBuffers& operator*() const { return buffers_; }

 private:
  AlignedBuffer<std::byte> block_;
  DenseGradientBuffers buffers_;
};

struct Sizes {
  int n, in, out;
  double zeros;
};

class DenseSparseTest : public ::testing::TestWithParam<std::tuple<Isa, Sizes>> {
 protected:
  const Sizes s_ = std::get<1>(GetParam());
  const std::vector<float> src_ = ValuesWithZeros(int64_t{s_.n} * s_.in, 0.5, 1);
  const std::vector<float> weight_ = RandomVector<float>(int64_t{s_.in} * s_.out, 2);
  const std::vector<float> bias_ = RandomVector<float>(s_.out, 3);
  const std::vector<float> d_dst_ = ValuesWithZeros(int64_t{s_.n} * s_.out, s_.zeros, 4);
  const Buffers buffers_{s_.n, s_.out};

  DenseGradientLists Lists() const {
    return ListDenseGradients(s_.n, s_.out, d_dst_.data(), *buffers_);
  }

  std::vector<float> SrcGradient(int n, const float* d_dst) const {
    std::vector<float> transposed(DenseTransposedFloats(s_.in, s_.out));
    DenseTransposed(s_.in, s_.out, weight_.data(), transposed.data());
    std::vector<float> d_src(int64_t{n} * s_.in, -7);
    DenseSrcGradient(n, s_.in, s_.out, d_dst, transposed.data(), d_src.data(), *buffers_);
    return d_src;
  }

 private:
  WithIsa with_isa_{std::get<0>(GetParam())};
};

TEST_P(DenseSparseTest, MatchesReference) {
  const auto [n, in, out, zeros] = s_;
  const std::vector<double> src = Cast<double>(src_), weight = Cast<double>(weight_),
                            bias = Cast<double>(bias_), d_dst = Cast<double>(d_dst_);
  std::vector<double> dst_ref(d_dst.size()), d_src_ref(src.size()), d_weight_ref(weight.size()),
      d_bias_ref(bias.size());
  DenseForwardRef(n, in, out, src.data(), weight.data(), bias.data(), dst_ref.data());
  DenseBackwardRef(n, in, out, src.data(), weight.data(), d_dst.data(), d_src_ref.data(),
                   d_weight_ref.data(), d_bias_ref.data());
  std::vector<float> dst(d_dst_.size(), -7), d_weight(weight_.size(), -7);
  DenseForwardInCache(n, in, out, src_.data(), weight_.data(), bias_.data(), dst.data());
  DenseWeightGradient(Lists(), in, src_.data(), in, d_weight.data());
  EXPECT_LT(RelativeL2(dst, dst_ref), 2e-6);
  EXPECT_LT(RelativeL2(d_weight, d_weight_ref), 2e-6);
  EXPECT_LT(RelativeL2(SrcGradient(n, d_dst_.data()), d_src_ref), 2e-6);
}

TEST_P(DenseSparseTest, AnImageHasTheSameBitsInAnyBatch) {
  const auto [n, in, out, zeros] = s_;
  std::vector<float> dst(d_dst_.size()), alone(out);
  DenseForwardInCache(n, in, out, src_.data(), weight_.data(), nullptr, dst.data());
  const std::vector<float> d_src = SrcGradient(n, d_dst_.data());
  for (int image = 0; image < n; image += 5) {
    DenseForwardInCache(1, in, out, src_.data() + image * in, weight_.data(), nullptr,
                        alone.data());
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), dst.begin() + image * out));
    const std::vector<float> d_alone = SrcGradient(1, d_dst_.data() + image * out);
    EXPECT_TRUE(std::equal(d_alone.begin(), d_alone.end(), d_src.begin() + image * in));
  }
}

TEST_P(DenseSparseTest, PartsOfTheInputsGiveTheSameBitsAsAll) {
  const auto [n, in, out, zeros] = s_;
  std::vector<float> whole(weight_.size()), parts(weight_.size(), -7);
  const DenseGradientLists lists = Lists();
  DenseWeightGradient(lists, in, src_.data(), in, whole.data());
  const int cut = in / 3;
  DenseWeightGradient(lists, cut, src_.data(), in, parts.data());
  DenseWeightGradient(lists, in - cut, src_.data() + cut, in, parts.data() + cut * out);
  EXPECT_EQ(parts, whole);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, DenseSparseTest,
    ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                       ::testing::Values(Sizes{0, 5, 3, 0}, Sizes{1, 1, 1, 0},
                                         Sizes{16, 160, 128, 0.8}, Sizes{16, 160, 128, 0},
                                         Sizes{128, 67, 33, 0.8}, Sizes{128, 67, 33, 0.05},
                                         Sizes{5, 200, 10, 0.6}, Sizes{37, 31, 47, 1})));

TEST(DenseSparseTest, TheNumberOfZerosDecides) {
  EXPECT_TRUE(DenseSrcGradientIsSparse(16, 128, 1023));
  EXPECT_FALSE(DenseSrcGradientIsSparse(16, 128, 1024));
  EXPECT_TRUE(DenseWeightGradientIsSparse(128, 10, 1120));
  EXPECT_FALSE(DenseWeightGradientIsSparse(128, 10, 1121));
}

TEST(DenseReferenceTest, GradientsMatchFiniteDifferences) {
  constexpr int kN = 3, kIn = 4, kOut = 5;
  auto src = UniformValues<double>(kN * kIn, 1), weight = UniformValues<double>(kIn * kOut, 2),
       bias = UniformValues<double>(kOut, 3);
  const auto d_dst = UniformValues<double>(kN * kOut, 4);
  std::vector<double> dst(d_dst.size()), d_src(src.size()), d_weight(weight.size()),
      d_bias(bias.size());
  DenseBackwardRef(kN, kIn, kOut, src.data(), weight.data(), d_dst.data(), d_src.data(),
                   d_weight.data(), d_bias.data());
  const auto objective = [&] {
    DenseForwardRef(kN, kIn, kOut, src.data(), weight.data(), bias.data(), dst.data());
    return Dot(dst, d_dst);
  };
  ExpectGradient(src, d_src, objective);
  ExpectGradient(weight, d_weight, objective);
  ExpectGradient(bias, d_bias, objective);
}

}  // namespace
}  // namespace convoy::kernels
