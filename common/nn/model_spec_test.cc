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
  EXPECT_THAT(ErrorOf("layers { name: 'a' }"), HasSubstr("layer 'a': says not what it is"));
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

}  // namespace
}  // namespace convoy::nn
