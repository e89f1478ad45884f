#include "common/nn/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/base/aligned_buffer.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/network_testing.h"

namespace convoy::nn {
namespace {

using ::testing::ElementsAreArray;
using ::testing::StartsWith;

// Returns the names before the colon of every line: "conv1 + pool1: direct, ...".
std::vector<std::string> ExplainedLayers(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto line : absl::StrSplit(plan.Explain(), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> halves = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (halves[0][0] == ' ') continue;
    EXPECT_EQ(halves.size(), 2u) << line;
    for (const auto name : absl::StrSplit(halves[0], " + ")) names.emplace_back(name);
  }
  return names;
}

TEST(PlanTest, ExplainListsEveryLayerInOrder) {
  for (const Network& network : AllNetworks()) {
    std::vector<std::string> expected;
    for (const Layer& layer : network.layers()) expected.push_back(layer.name);
    EXPECT_THAT(ExplainedLayers(Plan(network)), ElementsAreArray(expected)) << network.spec().name;
  }
}

TEST(PlanTest, StagesPassOnWhatTheNextOneTakes) {
  for (const Network& network : AllNetworks()) {
    SCOPED_TRACE(network.spec().name);
    const Plan plan(network);
    int64_t elems = network.input_elems();
    int64_t prepared = 0;
    for (const Plan::Stage& stage : plan.stages()) {
      EXPECT_EQ(stage.src_elems, elems) << stage.layers;
      EXPECT_GE(stage.prepared_offset, prepared) << stage.layers;
      EXPECT_EQ(stage.prepared_offset * sizeof(float) % kCacheLineBytes, 0u) << stage.layers;
      elems = stage.dst_elems;
      prepared = stage.prepared_offset + stage.operation->PreparedFloats();
    }
    EXPECT_EQ(elems, network.num_classes());
    EXPECT_GE(plan.prepared_floats(), prepared);
  }
}

TEST(PlanTest, FlattenAndSoftmaxAreNoStages) {
  const Plan plan(NetworkOf(2, 3, 1, R"(
    layers { name: "rows" flatten {} } layers { name: "scores" dense { units: 4 } }
    layers { name: "end" activation { function: SOFTMAX } })"));
  ASSERT_EQ(plan.stages().size(), 1u);
  EXPECT_EQ(plan.stages()[0].layers, "scores");
  EXPECT_THAT(plan.Explain(), StartsWith("rows: nothing to compute\nscores: "));
}

TEST(PlanTest, ExplainSaysWhyFasterWaysDecline) {
  EXPECT_EQ(Plan(Network::Create(LoadModelSpec("deep").value()).value()).Explain(),
            R"(conv1 + pool1: direct, narrow sparse backward
  not winograd: there are fewer than 8 input channels
conv2: winograd 5x5, dense backward by winograd
conv3 + pool2: winograd 5x5, sparse backward
  not narrow backward: the layer before it needs a gradient
flatten: nothing to compute
dense1: dense in cache, zeros skipped
dropout1: dropout by a Philox mask
output: dense in cache, zeros skipped
)");
  EXPECT_EQ(Plan(NetworkOf(29, 29, 6, R"(
    layers { name: "strided" conv2d { filters: 8 kernel_size: 5 strides: 2 activation: RELU } }
    layers { name: "smooth" conv2d { filters: 8 kernel_size: 3 padding: SAME activation: TANH } }
    layers { name: "pooled" conv2d { filters: 8 kernel_size: 3 padding: SAME activation: RELU } }
    layers { name: "thirds" max_pooling2d { pool_size: 3 } }
    layers { flatten {} } layers { name: "scores" dense { units: 4 activation: SOFTMAX } })"))
                .Explain(),
            R"(strided: direct, dense backward by gemm
  not winograd: windows are 5x5, not 3x3
smooth: winograd 5x5, dense backward by winograd
pooled: im2col + gemm, dense backward by gemm
  not winograd: the pool is 3x3 with stride 3x3, not 2x2 with stride 2
  not direct: the pool is 3x3 with stride 3x3, not 2x2 with stride 2
thirds: max-pool with saved argmax
flatten: nothing to compute
scores: dense in cache, zeros skipped
)");
}

TEST(PlanTest, SameNetworkGivesTheSamePlan) {
  for (const Network& network : AllNetworks()) {
    EXPECT_EQ(Plan(network).Explain(), Plan(network).Explain());
  }
}

}  // namespace
}  // namespace convoy::nn
