#include "common/kernels/conv/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/aligned_buffer.h"
#include "common/kernels/conv/conv2d_ref.h"
#include "common/kernels/conv/conv_testing.h"
#include "common/kernels/conv/fused_block.h"
#include "common/kernels/conv/im2col_block.h"
#include "common/kernels/pooling/max_pool_ref.h"
#include "common/kernels/simd/isa.h"

namespace convoy::kernels {

void PrintTo(const ConvBlockGeometry& g, std::ostream* out) {
  const Conv2dGeometry& c = g.conv;
  *out << c.in_height << "x" << c.in_width << "x" << c.in_channels << ", window " << c.kernel_height
       << "x" << c.kernel_width << ", stride " << c.stride_height << "x" << c.stride_width
       << ", padding " << c.pad_top << "," << c.pad_left << ", to " << c.out_height << "x"
       << c.out_width << "x" << c.out_channels;
  if (!g.relu) *out << ", linear";
  if (g.pooled) {
    *out << ", pool " << g.pool.pool_height << "x" << g.pool.pool_width << " to " << g.out_height()
         << "x" << g.out_width();
  }
}

namespace {

using ::testing::StartsWith;

// A square convolution on a possibly oblong image, then a pool of `pool` x `pool` (0: none).
ConvBlockGeometry Block(int height, int width, int in_channels, int out_channels, int kernel,
                        bool same, int pool, bool first = false, int stride = 1) {
  ConvBlockGeometry g;
  const int pad = same ? kernel / 2 : 0;
  const int out_height = (height + 2 * pad - kernel) / stride + 1;
  const int out_width = (width + 2 * pad - kernel) / stride + 1;
  g.conv = {height, width,  in_channels, out_height, out_width, out_channels,
            kernel, kernel, stride,      stride,     pad,       pad};
  g.pooled = pool > 0;
  if (g.pooled) {
    g.pool = {out_height,
              out_width,
              out_channels,
              out_height / pool,
              out_width / pool,
              pool,
              pool,
              pool,
              pool,
              0,
              0};
  }
  g.needs_d_src = !first;
  return g;
}

// Nothing behind the bias.
ConvBlockGeometry Linear(ConvBlockGeometry g) {
  g.relu = false;
  return g;
}

// Every block that takes the geometry, fast first. The general one has no pool.
std::vector<std::unique_ptr<ConvBlock>> BlocksFor(const ConvBlockGeometry& g) {
  std::vector<std::unique_ptr<ConvBlock>> blocks;
  for (auto* create : {&CreateWinogradBlock, &CreateDirectBlock}) {
    absl::StatusOr<std::unique_ptr<ConvBlock>> block = create(g);
    if (block.ok()) blocks.push_back(*std::move(block));
  }
  if (!g.pooled) blocks.push_back(CreateIm2colBlock(g));
  return blocks;
}

// The block by the plain references in double.
struct Reference {
  std::vector<double> dst, d_src, d_weight, d_bias;
};

Reference ComputeReference(const ConvBlockGeometry& g, int n, const std::vector<float>& src,
                           const std::vector<float>& weight, const std::vector<float>& bias,
                           const std::vector<float>& d_dst) {
  Reference r;
  std::vector<double> conv(n * DstFloats(g.conv)), d_conv(conv.size());
  Conv2dForwardRef<double>(g.conv, n, Cast<double>(src).data(), Cast<double>(weight).data(),
                           Cast<double>(bias).data(), conv.data());
  const std::vector<double> d_dst_double = Cast<double>(d_dst);
  if (g.pooled) {
    std::vector<int32_t> argmax(n * g.out_floats());
    r.dst.resize(n * g.out_floats());
    MaxPoolForwardRef<double>(g.pool, n, conv.data(), r.dst.data(), argmax.data());
    MaxPoolBackwardRef<double>(g.pool, n, d_dst_double.data(), argmax.data(), d_conv.data());
  } else {
    r.dst = conv;
    d_conv = d_dst_double;
  }
  if (g.relu) {
    for (double& value : r.dst) value = std::max(value, 0.0);
    for (size_t i = 0; i < conv.size(); ++i) d_conv[i] = conv[i] > 0 ? d_conv[i] : 0;
  }
  r.d_src.resize(src.size());
  r.d_weight.resize(weight.size());
  r.d_bias.resize(bias.size());
  Conv2dBackwardRef<double>(g.conv, n, Cast<double>(src).data(), Cast<double>(weight).data(),
                            d_conv.data(), r.d_src.data(), r.d_weight.data(), r.d_bias.data());
  return r;
}

// A block with its memory, filled with NaN where kernels must not rely on anything.
class Runner {
 public:
  Runner(const ConvBlockGeometry& g, const ConvBlock& block, const std::vector<float>& weight,
         const std::vector<float>& bias)
      : g_(g),
        block_(block),
        prepared_(block.prepared_floats()),
        workspace_(block.workspace_bytes()) {
    std::memset(workspace_.data(), 0xff, workspace_.size());
    block_.Prepare(weight.data(), bias.data(), prepared_.data());
  }

  std::vector<float> Forward(int n, const ImageSource& src, bool training) {
    dst_ = AlignedBuffer<float>(n * g_.out_floats());
    codes_ = AlignedBuffer<uint8_t>(n * block_.code_bytes());
    activations_ = {src, dst_.data(), training ? codes_.data() : nullptr};
    block_.Forward(n, activations_, prepared_.data(), workspace_.data());
    return {dst_.begin(), dst_.end()};
  }

  struct Gradients {
    std::vector<float> d_src, d_weight, d_bias;
  };

  // After Forward with training.
  Gradients Backward(int n, const std::vector<float>& d_dst, bool with_d_src, bool with_d_bias) {
    std::memset(workspace_.data(), 0xff, workspace_.size());
    AlignedBuffer<float> d_src(n * g_.in_floats());
    AlignedBuffer<float> d_dst_aligned(d_dst.size());
    std::copy(d_dst.begin(), d_dst.end(), d_dst_aligned.begin());
    std::fill(d_src.begin(), d_src.end(), -7.0f);
    Gradients g;
    g.d_weight.assign(g_.weight_floats(), -7);
    g.d_bias.assign(g_.conv.out_channels, -7);
    block_.Backward(n, activations_, prepared_.data(),
                    {d_dst_aligned.data(), with_d_src ? d_src.data() : nullptr, g.d_weight.data(),
                     with_d_bias ? g.d_bias.data() : nullptr},
                    workspace_.data());
    g.d_src.assign(d_src.begin(), d_src.end());
    return g;
  }

 private:
  const ConvBlockGeometry& g_;
  const ConvBlock& block_;
  AlignedBuffer<float> prepared_;
  AlignedBuffer<std::byte> workspace_;
  AlignedBuffer<float> dst_;
  AlignedBuffer<uint8_t> codes_;
  ConvBlockActivations activations_;
};

class ConvBlockTest : public ::testing::TestWithParam<ConvBlockGeometry> {
 protected:
  // Runs `check` for every block that takes the geometry, on every instruction set.
  template <typename Check>
  void ForEachBlock(Check check) {
    for (Isa isa : SupportedIsas()) {
      ASSERT_TRUE(SelectIsa(isa).ok());
      const auto blocks = BlocksFor(g_);
      EXPECT_FALSE(blocks.empty());
      for (const auto& block : blocks) {
        SCOPED_TRACE(std::string(IsaName(isa)) + ", " + block->Describe());
        check(*block);
      }
    }
    ASSERT_TRUE(SelectIsa(SupportedIsas().front()).ok());
  }

  const ConvBlockGeometry g_ = GetParam();
  const std::vector<float> weight_ = RandomVector<float>(WeightFloats(g_.conv), 1);
  const std::vector<float> bias_ = RandomVector<float>(g_.conv.out_channels, 2);
};

TEST_P(ConvBlockTest, MatchesReference) {
  for (int n : {1, 5, 16}) {
    const std::vector<float> src = RandomVector<float>(n * g_.in_floats(), 3);
    const std::vector<float> d_dst = RandomVector<float>(n * g_.out_floats(), 4);
    const Reference reference = ComputeReference(g_, n, src, weight_, bias_, d_dst);
    ForEachBlock([&](const ConvBlock& block) {
      Runner runner(g_, block, weight_, bias_);
      EXPECT_LT(RelativeL2(runner.Forward(n, {src.data()}, true), reference.dst), 5e-6);
      const Runner::Gradients got = runner.Backward(n, d_dst, g_.needs_d_src, true);
      EXPECT_LT(RelativeL2(got.d_weight, reference.d_weight), 5e-5);
      EXPECT_LT(RelativeL2(got.d_bias, reference.d_bias), 5e-5);
      if (g_.needs_d_src) {
        EXPECT_LT(RelativeL2(got.d_src, reference.d_src), 5e-5);
      }

      const Runner::Gradients fewer = runner.Backward(n, d_dst, false, false);
      EXPECT_EQ(fewer.d_weight, got.d_weight);
    });
  }
}

TEST_P(ConvBlockTest, AnImageHasTheSameBitsInAnyBatch) {
  const int n = 37;  // more than go through any kernel together
  const std::vector<float> src = RandomVector<float>(n * g_.in_floats(), 3);
  ForEachBlock([&](const ConvBlock& block) {
    Runner runner(g_, block, weight_, bias_);
    const std::vector<float> training = runner.Forward(n, {src.data()}, true);
    EXPECT_EQ(runner.Forward(n, {src.data()}, false), training);
    for (int image = 0; image < n; image += 6) {
      const std::vector<float> alone(src.begin() + image * g_.in_floats(),
                                     src.begin() + (image + 1) * g_.in_floats());
      const std::vector<float> expected(training.begin() + image * g_.out_floats(),
                                        training.begin() + (image + 1) * g_.out_floats());
      EXPECT_EQ(runner.Forward(1, {alone.data()}, false), expected) << "image " << image;
    }
  });
}

// A few pixels on a black image, biases of zero: most outputs are exactly zero, and a rounding
// error there must not pass the ReLU.
TEST_P(ConvBlockTest, OutputsThatSeeOnlyZerosAreExact) {
  const int n = 5;
  std::vector<float> src = RandomVector<float>(n * g_.in_floats(), 3);
  const int64_t channels = g_.conv.in_channels;
  for (size_t i = 0; i < src.size(); ++i) {
    if (static_cast<int64_t>(i) / channels % 29 != 0) src[i] = 0;
  }
  const std::vector<float> no_bias(bias_.size(), 0.0f);
  const std::vector<float> d_dst = RandomVector<float>(n * g_.out_floats(), 4);
  const Reference reference = ComputeReference(g_, n, src, weight_, no_bias, d_dst);
  ForEachBlock([&](const ConvBlock& block) {
    Runner runner(g_, block, weight_, no_bias);
    const std::vector<float> dst = runner.Forward(n, {src.data()}, true);
    for (size_t i = 0; i < dst.size(); ++i) {
      ASSERT_EQ(dst[i] == 0, reference.dst[i] == 0) << dst[i] << " at " << i;
    }
    const Runner::Gradients got = runner.Backward(n, d_dst, g_.needs_d_src, true);
    EXPECT_LT(RelativeL2(got.d_weight, reference.d_weight), 5e-5);
    EXPECT_LT(RelativeL2(got.d_bias, reference.d_bias), 5e-5);
  });
}

TEST_P(ConvBlockTest, BytesAreTheSameAsFloatsOfThem) {
  const int n = 3;
  const std::vector<float> noise = RandomVector<float>(n * g_.in_floats(), 5);
  std::vector<uint8_t> bytes(noise.size());
  std::vector<float> src(noise.size());
  for (size_t i = 0; i < noise.size(); ++i) {
    bytes[i] = static_cast<uint8_t>((noise[i] + 0.5f) * 255.99f);
    src[i] = static_cast<float>(bytes[i]) / 255.0f;
  }
  std::vector<const uint8_t*> images;
  for (int i = 0; i < n; ++i) images.push_back(bytes.data() + i * g_.in_floats());
  const std::vector<float> d_dst = RandomVector<float>(n * g_.out_floats(), 4);
  ForEachBlock([&](const ConvBlock& block) {
    Runner runner(g_, block, weight_, bias_);
    const std::vector<float> from_floats = runner.Forward(n, {src.data()}, true);
    const Runner::Gradients gradients = runner.Backward(n, d_dst, g_.needs_d_src, true);
    EXPECT_EQ(runner.Forward(n, {nullptr, images.data()}, true), from_floats);
    const Runner::Gradients from_bytes = runner.Backward(n, d_dst, g_.needs_d_src, true);
    EXPECT_EQ(from_bytes.d_weight, gradients.d_weight);
    EXPECT_EQ(from_bytes.d_src, gradients.d_src);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, ConvBlockTest,
    ::testing::Values(Block(28, 28, 1, 32, 3, false, 2, true), Block(12, 12, 32, 64, 3, false, 2),
                      Block(13, 13, 32, 64, 3, false, 2), Block(28, 28, 1, 6, 5, true, 2, true),
                      Block(14, 14, 6, 16, 5, false, 2), Block(14, 14, 32, 64, 3, true, 2),
                      Block(7, 7, 64, 128, 3, true, 0), Block(9, 7, 11, 13, 3, true, 2),
                      Block(9, 12, 17, 5, 3, false, 0), Block(10, 10, 3, 33, 5, true, 2, true),
                      Block(11, 15, 2, 7, 3, false, 0, true), Block(6, 6, 8, 48, 3, true, 2),
                      Block(1, 1, 9, 10, 3, true, 0), Block(1, 1, 3, 4, 1, false, 0),
                      Block(2, 2, 16, 16, 3, true, 2), Block(8, 9, 5, 20, 2, false, 2),
                      Block(15, 15, 4, 8, 3, false, 2, false, 2),
                      Block(13, 12, 3, 18, 4, false, 0, false, 3), Block(9, 9, 8, 8, 3, true, 0),
                      Block(10, 10, 20, 100, 7, true, 2), Linear(Block(16, 16, 64, 64, 3, true, 0)),
                      Linear(Block(4, 4, 256, 256, 3, true, 0)),
                      Linear(Block(9, 12, 17, 5, 3, false, 0)),
                      Linear(Block(8, 8, 3, 32, 3, true, 0, true))));

TEST(ConvBlockTest, OutputsThatNobodyReadsAreLeftOut) {
  // A pool of 13 x 13 whose next layer needs only 12 x 12.
  ConvBlockGeometry whole = Block(28, 28, 1, 32, 3, false, 2, true);
  ConvBlockGeometry part = whole;
  part.pool.out_height = part.pool.out_width = 12;
  const std::vector<float> weight = RandomVector<float>(9 * 32, 1);
  const std::vector<float> bias = RandomVector<float>(32, 2);
  const std::vector<float> src = RandomVector<float>(28 * 28, 3);
  const auto whole_block = CreateDirectBlock(whole).value();
  const auto part_block = CreateDirectBlock(part).value();
  const std::vector<float> all =
      Runner(whole, *whole_block, weight, bias).Forward(1, {src.data()}, false);
  const std::vector<float> fewer =
      Runner(part, *part_block, weight, bias).Forward(1, {src.data()}, false);
  for (int h = 0; h < 12; ++h) {
    for (int i = 0; i < 12 * 32; ++i) ASSERT_EQ(fewer[h * 12 * 32 + i], all[h * 13 * 32 + i]);
  }
}

// Large weights: as many images go through the kernels together as ever do, and a few more.
TEST(ConvBlockTest, GradientsOfSeveralGroupsAddUp) {
  const ConvBlockGeometry g = Linear(Block(2, 2, 240, 256, 3, true, 0));
  const int n = 37;
  const std::vector<float> src = RandomVector<float>(n * g.in_floats(), 3);
  const std::vector<float> d_dst = RandomVector<float>(n * g.out_floats(), 4);
  const std::vector<float> weight = RandomVector<float>(WeightFloats(g.conv), 1);
  const std::vector<float> bias = RandomVector<float>(g.conv.out_channels, 2);
  const Reference reference = ComputeReference(g, n, src, weight, bias, d_dst);
  const auto block = CreateWinogradBlock(g).value();
  Runner runner(g, *block, weight, bias);
  EXPECT_LT(RelativeL2(runner.Forward(n, {src.data()}, true), reference.dst), 5e-6);
  const Runner::Gradients got = runner.Backward(n, d_dst, true, true);
  EXPECT_LT(RelativeL2(got.d_weight, reference.d_weight), 5e-5);
  EXPECT_LT(RelativeL2(got.d_bias, reference.d_bias), 5e-5);
  EXPECT_LT(RelativeL2(got.d_src, reference.d_src), 5e-5);
}

// Returns how the block is computed; why a backward pass was not taken; or why there is no block.
std::string Explain(const absl::StatusOr<std::unique_ptr<ConvBlock>>& block) {
  if (!block.ok()) return std::string(block.status().message());
  return absl::StrCat((*block)->Describe(), "; not ", absl::StrJoin((*block)->declined(), ", "));
}

TEST(ConvBlockTest, PoolsAreTakenByTheFirstBackwardPassThatCan) {
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(12, 12, 32, 64, 3, false, 2))),
            "winograd 5x5, sparse backward; not narrow backward: the layer before it needs a "
            "gradient");
  EXPECT_EQ(Explain(CreateDirectBlock(Block(28, 28, 1, 32, 3, false, 2, true))),
            "direct, narrow sparse backward; not ");
  EXPECT_EQ(Explain(CreateDirectBlock(Block(28, 28, 1, 32, 4, false, 2, true))),
            "direct, sparse backward; not narrow backward: windows are 4 wide, not 3 or 5");
  EXPECT_EQ(Explain(CreateDirectBlock(Block(28, 28, 1, 32, 3, false, 2, true, 2))),
            "direct, sparse backward; not narrow backward: the stride is not 1");
  EXPECT_EQ(Explain(CreateDirectBlock(Block(28, 28, 5, 32, 3, false, 2, true))),
            "direct, sparse backward; not narrow backward: there are more than 4 input channels");
  EXPECT_EQ(Explain(CreateDirectBlock(Block(300, 300, 5, 32, 3, true, 2))),
            "there are 22500 pooled outputs of 32 channels, more than 8191 or 65535");
}

TEST(ConvBlockTest, WithoutAPoolWinogradsBackwardPassComesFirst) {
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(7, 7, 64, 128, 3, true, 0))),
            "winograd 4x4, dense backward by winograd; not ");
  ConvBlockGeometry wide = Block(12, 12, 8, 8, 3, false, 0);
  wide.conv.pad_top = wide.conv.pad_left = 3;
  EXPECT_EQ(Explain(CreateWinogradBlock(wide)),
            "winograd 5x5, dense backward by gemm; not winograd backward: the padding is wider "
            "than the window reaches");
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(7, 7, 768, 768, 3, true, 0))),
            "winograd 4x4, dense backward by gemm; not winograd backward: the transformed "
            "weights' gradient needs 81 MiB, more than 64");
  EXPECT_EQ(Explain(CreateDirectBlock(Block(7, 7, 64, 128, 3, true, 0))),
            "direct, dense backward by gemm; not ");
}

TEST(ConvBlockTest, FastBlocksSayWhyTheyDecline) {
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(28, 28, 1, 32, 3, false, 2, true))),
            "there are fewer than 8 input channels");
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(28, 28, 8, 32, 5, false, 2))),
            "windows are 5x5, not 3x3");
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(28, 28, 8, 32, 3, false, 2, false, 2))),
            "the stride is not 1");
  EXPECT_EQ(Explain(CreateWinogradBlock(Block(400, 400, 64, 64, 3, true, 0))),
            "an image needs 153 MiB of workspace, more than 16");
  for (auto* create : {&CreateWinogradBlock, &CreateDirectBlock}) {
    EXPECT_EQ(Explain(create(Block(9, 9, 8, 8, 3, true, 3))),
              "the pool is 3x3 with stride 3x3, not 2x2 with stride 2");
    EXPECT_EQ(Explain(create(Block(1, 1, 9, 10, 3, true, 0))),
              "the output is narrower than two pixels");
    ConvBlockGeometry padded = Block(9, 9, 8, 8, 3, true, 2);
    padded.pool.out_height = padded.pool.out_width = 5;
    EXPECT_EQ(Explain(create(padded)), "the pool's windows are padded");
    EXPECT_THAT(Explain(create(Linear(Block(9, 9, 8, 8, 3, true, 2)))),
                StartsWith("there is no ReLU"));
  }
  EXPECT_EQ(Explain(CreateDirectBlock(Linear(Block(9, 9, 8, 8, 3, true, 0)))),
            "there is no ReLU behind the convolution");
}

TEST(ConvBlockTest, FirstOfEqualMaximaGetsTheGradient) {
  ConvBlockGeometry g = Block(6, 6, 1, 16, 3, false, 2, true);
  const std::vector<float> weight(9 * 16, 1.0f);
  const std::vector<float> bias(16, 1.0f);
  // All four outputs of the first window see the pixel, two of the next two, one of the last; in
  // each window those that see it are equal.
  std::vector<float> src(36, 0.0f);
  src[2 * 6 + 2] = 1;
  const std::vector<float> d_dst(2 * 2 * 16, 1.0f);
  std::vector<float> expected(9 * 16, 0.0f);
  for (int tap : {0, 2, 6, 8}) std::fill_n(expected.begin() + tap * 16, 16, 1.0f);
  for (const auto& block : BlocksFor(g)) {
    Runner runner(g, *block, weight, bias);
    runner.Forward(1, {src.data()}, true);
    EXPECT_EQ(runner.Backward(1, d_dst, false, true).d_weight, expected) << block->Describe();
  }
}

}  // namespace
}  // namespace convoy::kernels
