#include "common/nn/plan/layer_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/nn/plan/network_testing.h"
#include "common/nn/plan/plan.h"

namespace convoy::nn {
namespace {

constexpr int64_t kElems = 35;

// A network whose layer `ordinal` drops half of 5x7 values.
Network WithDropoutAt(size_t ordinal) {
  std::string layers;
  for (size_t i = 0; i < ordinal; ++i) layers += "layers { activation { function: TANH } } ";
  return NetworkOf(5, 7, 1, layers + R"(layers { dropout { rate: 0.5 } } layers { flatten {} }
                                        layers { dense { units: 2 activation: SOFTMAX } })");
}

// Returns what dropout makes of ones, [num_images, kElems].
std::vector<float> Drop(const Pass& pass, size_t ordinal = 0) {
  const Network network = WithDropoutAt(ordinal);
  const auto match = MatchDropout(network.layers(), ordinal);
  const auto elems = static_cast<size_t>(pass.num_images * kElems);
  const std::vector<float> ones(elems, 1.0f);
  std::vector<float> dropped(elems);
  std::vector<std::byte> saved(static_cast<size_t>(match->operation->SavedBytes(pass.num_images)));
  match->operation->Forward(pass, {.saved = saved.data()}, ones.data(), dropped.data());
  return dropped;
}

std::vector<float> ImageOf(const std::vector<float>& images, int64_t place) {
  return {images.begin() + place * kElems, images.begin() + (place + 1) * kElems};
}

TEST(DropoutOperationTest, AnImageHasTheSameMaskInAnyGroupingAndOrder) {
  const std::vector<uint32_t> index = {7, 3, 4000000000u, 0, 12, 11};
  const std::vector<float> together =
      Drop({.num_images = 6, .image_index = index.data(), .seed = 5, .epoch = 2});
  const std::vector<uint32_t> reversed(index.rbegin(), index.rend());
  const std::vector<float> backwards =
      Drop({.num_images = 6, .image_index = reversed.data(), .seed = 5, .epoch = 2});
  for (int i = 0; i < 6; ++i) {
    const std::vector<float> alone =
        Drop({.num_images = 1, .image_index = index.data() + i, .seed = 5, .epoch = 2});
    EXPECT_EQ(ImageOf(together, i), alone) << i;
    EXPECT_EQ(ImageOf(backwards, 5 - i), alone) << i;
    const bool first = i == 0;
    EXPECT_EQ(ImageOf(together, 0) == alone, first) << i;
  }
}

TEST(DropoutOperationTest, MaskChangesWithSeedEpochAndLayer) {
  const uint32_t index = 9;
  const Pass pass{.num_images = 1, .image_index = &index, .seed = 5, .epoch = 2};
  Pass other_seed = pass;
  other_seed.seed = 6;
  Pass other_epoch = pass;
  other_epoch.epoch = 3;
  EXPECT_EQ(Drop(pass), Drop(pass));
  EXPECT_NE(Drop(other_seed), Drop(pass));
  EXPECT_NE(Drop(other_epoch), Drop(pass));
  EXPECT_NE(Drop(pass, /*ordinal=*/1), Drop(pass));
}

TEST(DropoutOperationTest, KeepsTheExpectedValue) {
  std::vector<uint32_t> index(1000);
  std::iota(index.begin(), index.end(), 0u);
  double sum = 0;
  for (const float value : Drop({.num_images = 1000, .image_index = index.data()})) {
    EXPECT_TRUE(value == 0.0f || value == 2.0f) << value;
    sum += value;
  }
  // 35,000 draws of 0 or 2: the standard deviation of their mean is 0.0053.
  EXPECT_NEAR(sum / (1000 * kElems), 1.0, 0.02);
}

TEST(DropoutOperationTest, InferCopies) {
  const Network network = WithDropoutAt(0);
  const auto match = MatchDropout(network.layers(), 0);
  std::vector<float> src(2 * kElems);
  std::iota(src.begin(), src.end(), 0.0f);
  std::vector<float> dst(src.size());
  match->operation->Infer({.num_images = 2}, {}, src.data(), dst.data());
  EXPECT_EQ(dst, src);
}

// A network with every kind of layer, none of which is computed together with another.
Network EveryKind() {
  return NetworkOf(6, 6, 1, R"(
    layers { conv2d { filters: 2 kernel_size: 3 } }
    layers { max_pooling2d {} }
    layers { dropout { rate: 0.5 } }
    layers { activation { function: RELU } }
    layers { average_pooling2d { pool_size: 1 } }
    layers { batch_normalization {} }
    layers { flatten {} }
    layers { dense { units: 2 activation: SOFTMAX } })");
}

TEST(LayerOperationsTest, EveryKindHasAnOperationOfItsOwn) {
  EXPECT_EQ(Plan(EveryKind()).Explain(), R"(conv2d: im2col + gemm, dense backward by gemm
  not winograd: there are fewer than 8 input channels
  not direct: there is no ReLU behind the convolution
max_pooling2d: max-pool with saved argmax
dropout: dropout by a Philox mask
activation: activation, elementwise
average_pooling2d: average-pool by sums of windows
batch_normalization: normalization by the micro-batch's statistics
flatten: nothing to compute
dense: dense in cache, zeros skipped
)");
}

// The first operation of a network is not asked for the gradient of the images.
TEST(LayerOperationsTest, WithoutSourceGradientTheOtherGradientsAreTheSame) {
  const Network network = EveryKind();
  const std::vector<float> weights = NoisyWeights(network);
  for (const auto& [matcher, place] :
       {std::pair{&MatchIm2colBlock, 0}, std::pair{&MatchDense, 7}}) {
    const Layer& layer = network.layers()[static_cast<size_t>(place)];
    const auto match = matcher(network.layers(), static_cast<size_t>(place));
    const Operation& operation = *match->operation;
    const std::vector<uint8_t> bytes(72, 100);
    const uint8_t* pixels[] = {bytes.data(), bytes.data() + 36};
    const Pass pass{.num_images = 2, .pixels = pixels};
    AlignedBuffer<std::byte> scratch(static_cast<size_t>(operation.ScratchBytes(2)));
    AlignedBuffer<float> prepared(static_cast<size_t>(operation.PreparedFloats()));
    operation.Prepare(weights.data(), prepared.data());
    const OperationMemory memory{
        .weights = weights.data(), .prepared = prepared.data(), .scratch = scratch.data()};
    std::vector<float> src(72);
    std::iota(src.begin(), src.end(), -30.0f);
    std::vector<float> dst(72);
    operation.Forward(pass, memory, src.data(), dst.data());
    const auto backward = [&](float* d_src) {
      std::vector<float> d_dst = dst;
      std::vector<float> gradient(weights.size());
      operation.Backward(pass, memory, src.data(), dst.data(), d_dst.data(), d_src,
                         gradient.data());
      return gradient;
    };
    std::vector<float> d_src(72);
    EXPECT_EQ(backward(nullptr), backward(d_src.data())) << layer.name;
  }
}

}  // namespace
}  // namespace convoy::nn
