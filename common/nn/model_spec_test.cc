#include "common/nn/model_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/nn/builtin_models.h"

namespace convoy::nn {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto spec = ParseModelSpec(text, "net.textproto");
  EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(spec.status().message());
}

TEST(ModelSpecTest, ReadsTheNotebooksNetwork) {
  const ModelSpec spec = LoadModelSpec("notebook").value();
  ASSERT_EQ(spec.layers.size(), 8u);
  EXPECT_EQ(spec.layers[0].name, "conv1");
  const auto& conv = std::get<Conv2dSpec>(spec.layers[2].kind);
  EXPECT_EQ(conv.filters, 64);
  EXPECT_EQ(conv.kernel.width, 3);
  EXPECT_EQ(conv.strides.height, 1);
  EXPECT_EQ(conv.activation, ActivationFunction::kRelu);
  EXPECT_EQ(std::get<DropoutSpec>(spec.layers[6].kind).rate, 0.5f);
}

TEST(ModelSpecTest, TextRoundTripKeepsEverything) {
  for (const std::string& name : BuiltinModelNames()) {
    const std::string text = ModelSpecToText(LoadModelSpec(name).value());
    EXPECT_EQ(ModelSpecToText(ParseModelSpec(text, "again").value()), text);
  }
}

TEST(ModelSpecTest, LayersWithoutNamesGetKerasNames) {
  const ModelSpec spec =
      ParseModelSpec(
          "layers { conv2d { kernel_size: 3 } } layers { conv2d { kernel_size: 3 } } "
          "layers { flatten {} }",
          "test")
          .value();
  EXPECT_EQ(spec.layers[0].name, "conv2d");
  EXPECT_EQ(spec.layers[1].name, "conv2d_1");
  EXPECT_EQ(spec.layers[2].name, "flatten");
}

TEST(ModelSpecTest, MisspeltFieldGetsItsLineAndTheNearestName) {
  EXPECT_THAT(ErrorOf("name: 'x'\nlayers { conv2d { filtres: 3 } }"),
              HasSubstr("net.textproto:2: Conv2D has no field 'filtres'; did you mean 'filters'?"));
}

TEST(ModelSpecTest, UnknownLayerGetsTheNearestName) {
  EXPECT_THAT(ErrorOf("layers { max_pool2d {} }"), HasSubstr("did you mean 'max_pooling2d'?"));
}

TEST(ModelSpecTest, UnknownActivationGetsTheNearestName) {
  EXPECT_THAT(ErrorOf("layers { dense { activation: RELUU } }"), HasSubstr("did you mean 'RELU'?"));
}

TEST(ModelSpecTest, LayerWithoutKindAndSizesWithThreeNumbersAreRefused) {
  EXPECT_THAT(ErrorOf("layers { name: 'a' }"), HasSubstr("layer 'a': has no kind; give it one of"));
  EXPECT_THAT(ErrorOf("layers { conv2d { kernel_size: [1, 2, 3] } }"),
              HasSubstr("kernel_size takes one or two numbers, not 3"));
}

TEST(ModelSpecTest, TextThatIsNoProtobufIsRefused) {
  EXPECT_THAT(ErrorOf("{\"layers\": []"), HasSubstr("net.textproto:1:"));
  EXPECT_THAT(ErrorOf(std::string("\0\1\2", 3)), HasSubstr("net.textproto"));
}

TEST(BuiltinModelsTest, UnknownNameIsNotFoundWithASuggestion) {
  const auto spec = LoadModelSpec("notebok");
  EXPECT_EQ(spec.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr("did you mean 'notebook'?"));
}

TEST(BuiltinModelsTest, MissingFileIsNamed) {
  EXPECT_THAT(std::string(LoadModelSpec("/no/such.textproto").status().message()),
              HasSubstr("/no/such.textproto"));
}

// Every layer and option survives being written and read, and defaults are Keras's.
TEST(ModelSpecTest, NewLayersRoundTrip) {
  const std::string text = R"(name: "n" input { height: 8 width: 8 }
    layers { conv2d { filters: 2 kernel_size: 3 kernel_regularizer { l2: 0.25 } } }
    layers { batch_normalization {} }
    layers { activation { function: LEAKY_RELU } }
    layers { average_pooling2d {} }
    layers { activation { function: ELU alpha: 0.5 } }
    layers { batch_normalization { momentum: 0.9 epsilon: 0.01 } }
    layers { global_average_pooling2d {} }
    layers { dense { units: 2 activation: SOFTMAX kernel_regularizer { l2: 0.125 } } })";
  const ModelSpec spec = ParseModelSpec(text, "test").value();
  const std::string written = ModelSpecToText(spec);
  const ModelSpec again = ParseModelSpec(written, "again").value();
  EXPECT_EQ(ModelSpecToText(again), written);
  EXPECT_EQ(std::get<Conv2dSpec>(again.layers[0].kind).kernel_l2, 0.25f);
  EXPECT_EQ(std::get<BatchNormalizationSpec>(again.layers[1].kind).momentum, 0.99f);
  EXPECT_EQ(std::get<BatchNormalizationSpec>(again.layers[1].kind).epsilon, 0.001f);
  EXPECT_EQ(std::get<ActivationSpec>(again.layers[2].kind).alpha, 0.3f);
  EXPECT_EQ(std::get<AveragePooling2dSpec>(again.layers[3].kind).strides.height, 2);
  EXPECT_EQ(std::get<ActivationSpec>(again.layers[4].kind).alpha, 0.5f);
  EXPECT_EQ(std::get<BatchNormalizationSpec>(again.layers[5].kind).epsilon, 0.01f);
  EXPECT_EQ(again.layers[6].name, "global_average_pooling2d");
  EXPECT_EQ(std::get<DenseSpec>(again.layers[7].kind).kernel_l2, 0.125f);
}

TEST(ModelSpecTest, AlphaOfAFunctionWithoutOneIsRefused) {
  const auto spec = ParseModelSpec("layers { activation { function: RELU alpha: 0.1 } }", "test");
  EXPECT_EQ(std::string(spec.status().message()),
            "test: layer 'activation': alpha is for LEAKY_RELU and ELU only");
}

}  // namespace
}  // namespace convoy::nn
