#include "common/nn/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/network_testing.h"
#include "common/terminal/fit.h"

namespace convoy::nn {
namespace {

using ::testing::HasSubstr;

// With another name of its first layer, if it is given.
Network Notebook(const std::string& first_layer = "conv1") {
  ModelSpec spec = LoadModelSpec("notebook").value();
  spec.layers.front().name = first_layer;
  return Network::Create(spec).value();
}

std::string ErrorOfLayers(std::string_view layers) {
  const std::string text = "name: 'net' input { height: 8 width: 6 } " + std::string(layers);
  const auto network = Network::Create(ParseModelSpec(text, "test").value());
  EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(network.status().message());
}

TEST(NetworkTest, InfersTheNotebooksShapes) {
  const Network network = Notebook();
  const std::vector<Shape> expected = {{26, 26, 32}, {13, 13, 32}, {11, 11, 64}, {5, 5, 64},
                                       {1600},       {128},        {128},        {10}};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(network.layers()[i].output, expected[i]);
  EXPECT_EQ(network.num_parameters(), 225034);
  EXPECT_EQ(network.num_classes(), 10);
}

TEST(NetworkTest, ParametersStandOneAfterAnother) {
  int64_t offset = 0;
  for (const Parameter& parameter : Notebook().Parameters()) {
    EXPECT_EQ(parameter.offset, offset) << parameter.name;
    offset += parameter.size;
  }
  EXPECT_EQ(offset, Notebook().num_parameters());
}

TEST(NetworkTest, KernelLargerThanItsInputNamesTheLayer) {
  EXPECT_THAT(ErrorOfLayers("layers { name: 'c' conv2d { filters: 2 kernel_size: [3, 7] } }"),
              HasSubstr("layer 'c' (Conv2D): kernel_size 3x7 is larger than its input 8x6"));
  EXPECT_THAT(ErrorOfLayers("layers { name: 'p' max_pooling2d { pool_size: 9 } }"),
              HasSubstr("layer 'p' (MaxPooling2D): pool_size 9x9 is larger"));
}

TEST(NetworkTest, ShapesThatDoNotFitNameTheLayer) {
  EXPECT_THAT(ErrorOfLayers("layers { name: 'd' dense { units: 2 activation: SOFTMAX } }"),
              HasSubstr("layer 'd' (Dense): needs a row of features"));
  EXPECT_THAT(
      ErrorOfLayers("layers { flatten {} } layers { conv2d { filters: 1 kernel_size: 1 } }"),
      HasSubstr("layer 'conv2d' (Conv2D): needs an image"));
  EXPECT_THAT(ErrorOfLayers("layers { conv2d { kernel_size: 1 } }"),
              HasSubstr("filters must be at least 1"));
  EXPECT_THAT(ErrorOfLayers("layers { conv2d { filters: 1 kernel_size: 1 strides: 0 } }"),
              HasSubstr("strides must be 1 to 4096, not 0x0"));
  EXPECT_THAT(ErrorOfLayers("layers { dropout { rate: 1.5 } }"),
              HasSubstr("rate must be in [0, 1)"));
  EXPECT_THAT(ErrorOfLayers("layers { dropout { rate: nan } }"),
              HasSubstr("rate must be in [0, 1)"));
}

TEST(NetworkTest, HugeNetworkIsRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(ErrorOfLayers("layers { flatten {} } layers { dense { units: 2000000000 } }"),
              HasSubstr("is too large"));
}

// Sizes near 2^31 must not overflow on the way to the message.
TEST(NetworkTest, HugeWindowsAndStridesAreRefused) {
  EXPECT_THAT(
      ErrorOfLayers("layers { conv2d { filters: 1 kernel_size: 2147483647 padding: SAME } }"),
      HasSubstr("kernel_size must be 1 to 4096, not 2147483647x2147483647"));
  EXPECT_THAT(ErrorOfLayers("layers { conv2d { filters: 1 kernel_size: 3 strides: 2147483647 } }"),
              HasSubstr("strides must be 1 to 4096, not 2147483647x2147483647"));
  EXPECT_THAT(ErrorOfLayers("layers { max_pooling2d { pool_size: [1, 4097] padding: SAME } }"),
              HasSubstr("pool_size must be 1 to 4096, not 1x4097"));
}

// A convolution unrolls its input, so that can be what is too large.
TEST(NetworkTest, HugeUnrolledConvolutionIsRefused) {
  EXPECT_THAT(ErrorOfLayers("layers { conv2d { filters: 1024 kernel_size: 1 } } "
                            "layers { conv2d { filters: 1 kernel_size: 400 padding: SAME } }"),
              HasSubstr("layer 'conv2d_1' (Conv2D): is too large"));
}

TEST(NetworkTest, NewLayersCheckTheirValues) {
  EXPECT_THAT(
      ErrorOfLayers("layers { flatten {} } layers { global_average_pooling2d {} }"),
      HasSubstr("layer 'global_average_pooling2d' (GlobalAveragePooling2D): needs an image"));
  EXPECT_THAT(ErrorOfLayers("layers { average_pooling2d { pool_size: 9 } }"),
              HasSubstr("layer 'average_pooling2d' (AveragePooling2D): pool_size 9x9 is larger"));
  EXPECT_THAT(ErrorOfLayers("layers { batch_normalization { momentum: 1 } }"),
              HasSubstr("(BatchNormalization): momentum must be in [0, 1), not 1"));
  EXPECT_THAT(ErrorOfLayers("layers { batch_normalization { epsilon: 0 } }"),
              HasSubstr("epsilon must be positive, not 0"));
  EXPECT_THAT(ErrorOfLayers("layers { activation { function: ELU alpha: -1 } }"),
              HasSubstr("alpha must be 0 or a positive number, not -1"));
  EXPECT_THAT(ErrorOfLayers("layers { flatten {} } layers { dense { units: 3 activation: ELU } }"),
              HasSubstr("LEAKY_RELU and ELU are layers of their own"));
  EXPECT_THAT(ErrorOfLayers("layers { flatten {} } layers { dense { units: 3 kernel_regularizer "
                            "{ l2: -1 } } }"),
              HasSubstr("kernel_regularizer: l2 must be 0 or a positive number, not -1"));
}

TEST(NetworkTest, NormalizationHasTrainedAndMovingParameters) {
  const Network network = NetworkOf(4, 4, 3, R"(
    layers { batch_normalization {} } layers { flatten {} }
    layers { dense { units: 2 activation: SOFTMAX } })");
  const std::vector<Parameter> parameters = network.Parameters();
  ASSERT_EQ(parameters.size(), 6u);
  EXPECT_EQ(parameters[0].name, "batch_normalization/gamma");
  EXPECT_EQ(parameters[3].name, "batch_normalization/moving_variance");
  EXPECT_TRUE(parameters[1].trainable);
  EXPECT_FALSE(parameters[2].trainable);
  EXPECT_EQ(parameters[2].moving_momentum, 0.99f);
  EXPECT_EQ(network.num_parameters(), 4 * 3 + 48 * 2 + 2);
  EXPECT_EQ(network.num_trainable(), 2 * 3 + 48 * 2 + 2);
  std::vector<float> weights(static_cast<size_t>(network.num_parameters()), -1);
  InitializeWeights(network, 1, weights.data());
  EXPECT_EQ(weights[0], 1);  // gamma
  EXPECT_EQ(weights[3], 0);  // beta
  EXPECT_EQ(weights[6], 0);  // moving mean
  EXPECT_EQ(weights[9], 1);  // moving variance
  EXPECT_THAT(SummaryTable(network), HasSubstr("Non-trainable params: 6 "));
}

TEST(NetworkTest, LongTypesGoOnInTheNextLineOfTheTable) {
  const Network network = NetworkOf(4, 4, 3, R"(
    layers { global_average_pooling2d {} } layers { dense { units: 2 activation: SOFTMAX } })");
  EXPECT_THAT(SummaryTable(network), HasSubstr(" global_average_pooling2d (Gl(None, 3)"));
  EXPECT_THAT(SummaryTable(network), HasSubstr("\n obalAveragePooling2D)"));
}

TEST(NetworkTest, L2PenaltyIsTheSumOfSquaresOfRegularizedKernels) {
  const Network network = NetworkOf(1, 3, 1, R"(
    layers { flatten {} } layers { dense { units: 3 kernel_regularizer { l2: 0.5 } } }
    layers { dense { units: 2 activation: SOFTMAX } })");
  std::vector<float> weights(static_cast<size_t>(network.num_parameters()), 2);
  EXPECT_EQ(L2Penalty(network, weights.data()), 0.5 * 9 * 4);
}

TEST(NetworkTest, NetworkWithoutParametersIsRefused) {
  EXPECT_THAT(ErrorOfLayers("layers { flatten {} } layers { activation { function: SOFTMAX } }"),
              HasSubstr("network 'net': has no parameters to train"));
}

TEST(NetworkTest, MustEndInASoftmaxAndHaveItNowhereElse) {
  EXPECT_THAT(ErrorOfLayers("layers { flatten {} } layers { dense { units: 3 } }"),
              HasSubstr("must have activation: SOFTMAX"));
  EXPECT_THAT(
      ErrorOfLayers("layers { flatten {} } layers { dense { units: 3 activation: SOFTMAX } } "
                    "layers { dense { units: 3 activation: SOFTMAX } }"),
      HasSubstr("only supported at the end"));
  EXPECT_THAT(
      ErrorOfLayers("layers { flatten {} } layers { dense { units: 1 activation: SOFTMAX } }"),
      HasSubstr("2 to 1000 classes"));
  EXPECT_THAT(ErrorOfLayers(""), HasSubstr("has no layers"));
}

TEST(NetworkTest, RepeatedNameIsRefused) {
  EXPECT_THAT(
      ErrorOfLayers("layers { name: 'a' flatten {} } layers { name: 'a' dense { units: 3 } }"),
      HasSubstr("another layer has this name"));
}

TEST(InitializeWeightsTest, KernelsAreGlorotUniformAndBiasesZero) {
  const Network network = Notebook();
  std::vector<float> weights(static_cast<size_t>(network.num_parameters()));
  InitializeWeights(network, 1, weights.data());
  for (const Parameter& parameter : network.Parameters()) {
    double sum = 0;
    double sum_of_squares = 0;
    double largest = 0;
    for (int64_t i = 0; i < parameter.size; ++i) {
      const double value = weights[static_cast<size_t>(parameter.offset + i)];
      sum += value;
      sum_of_squares += value * value;
      largest = std::max(largest, std::abs(value));
    }
    if (parameter.initializer == Initializer::kZeros) {
      EXPECT_EQ(largest, 0) << parameter.name;
      continue;
    }
    const double limit = std::sqrt(6.0 / static_cast<double>(parameter.fan_in + parameter.fan_out));
    const auto size = static_cast<double>(parameter.size);
    EXPECT_LE(largest, limit * 1.000001) << parameter.name;
    EXPECT_GT(largest, limit * 0.9) << parameter.name;
    EXPECT_NEAR(sum / size, 0, 4 * limit / std::sqrt(3 * size)) << parameter.name;
    EXPECT_NEAR(sum_of_squares / size, limit * limit / 3, limit * limit * 2 / std::sqrt(size));
  }
}

TEST(InitializeWeightsTest, SeedsGiveDifferentWeights) {
  const Network network = Notebook();
  std::vector<float> first(static_cast<size_t>(network.num_parameters()));
  std::vector<float> again = first;
  std::vector<float> other = first;
  InitializeWeights(network, 1, first.data());
  InitializeWeights(network, 1, again.data());
  InitializeWeights(network, 2, other.data());
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

TEST(SummaryTableTest, LooksLikeKeras) {
  const std::string table = SummaryTable(Notebook());
  EXPECT_THAT(table, HasSubstr("Model: \"notebook\"\n"));
  EXPECT_THAT(table,
              HasSubstr(" conv1 (Conv2D)              (None, 26, 26, 32)        320       \n"));
  EXPECT_THAT(table, HasSubstr("Total params: 225034 (879.04 KB)\n"));
}

TEST(SummaryTableTest, ColumnsAreOnesOfATerminal) {
  for (const char* name :
       {"entrée_à_l_été", "畳み込み層", "слой", "e\u0301\u0301", "a\nb",
        "畳み込みニューラルネットワークの最初の層でとても長い名前が付いている層"}) {
    const std::string table = SummaryTable(Notebook(name));
    std::vector<std::string> lines = absl::StrSplit(table, '\n');
    ASSERT_EQ(lines.back(), "");
    lines.pop_back();
    for (const std::string& line : lines) {
      if (line.find(':') != std::string::npos) continue;  // totals
      EXPECT_EQ(terminal::Columns(line), 65) << name << "\n" << table;
    }
    const auto first = lines.begin() + 4;
    EXPECT_EQ(terminal::Columns(first->substr(0, first->find("(None"))), 29) << table;
  }
}

TEST(SummaryTableTest, LongNamesAreWhole) {
  const std::string name(100, 'Z');
  std::string letters;
  for (const char c : SummaryTable(Notebook(name))) letters += c == 'Z' ? "Z" : "";
  EXPECT_EQ(letters.size(), 100U);
}

}  // namespace
}  // namespace convoy::nn
