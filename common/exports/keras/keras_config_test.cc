#include "common/exports/keras/keras_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "common/exports/exports_testing.h"
#include "common/exports/keras/keras_arithmetic.h"
#include "common/nn/builtin_models.h"

namespace convoy::exports {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Reads a Sequential model of these layers.
absl::StatusOr<nn::ModelSpec> Read(const std::string& layers, Notes* notes) {
  const json config = json::parse(
      R"({"class_name": "Sequential", "config": {"name": "net", "layers": [)" + layers + "]}}");
  return ReadKerasModelConfig(config, notes);
}

constexpr char kInput[] =
    R"({"class_name": "InputLayer", "config": {"batch_input_shape": [null, 28, 28, 1],
        "dtype": "float32", "sparse": false, "ragged": false, "name": "i"}})";

// Returns what is said about a model whose one layer, after its input, is `layer`.
std::string ErrorOf(const std::string& layer) {
  Notes notes;
  const auto spec = Read(std::string(kInput) + "," + layer, &notes);
  EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(spec.status().message());
}

TEST(KerasModelConfigTest, BeginsWithAnInputLayerAndSpellsOutASequentialModel) {
  const json config = json::parse(KerasModelConfig(nn::LoadModelSpec("notebook").value())->dump());
  EXPECT_EQ(config["class_name"], "Sequential");
  EXPECT_EQ(config["config"]["name"], "notebook");
  const json& layers = config["config"]["layers"];
  ASSERT_EQ(layers.size(), 9U);
  EXPECT_EQ(layers[0]["class_name"], "InputLayer");
  EXPECT_EQ(layers[0]["config"]["batch_input_shape"], json::parse("[null, 28, 28, 1]"));
  EXPECT_EQ(layers[0]["config"]["name"], "conv1_input");
  EXPECT_EQ(layers[1]["class_name"], "Conv2D");
  EXPECT_EQ(layers[1]["config"]["kernel_size"], json::parse("[3, 3]"));
  EXPECT_EQ(layers[1]["config"]["activation"], "relu");
  EXPECT_EQ(layers[7]["class_name"], "Dropout");
  EXPECT_EQ(layers[7]["config"]["rate"], 0.5);
  EXPECT_EQ(layers[8]["config"]["activation"], "softmax");
  // This key makes Keras 3 read the file by other rules.
  EXPECT_EQ(config.dump().find("\"module\""), std::string::npos);
}

TEST(KerasModelConfigTest, ReadsBackToTheSameNetwork) {
  for (const nn::Network& network : ExportNetworks()) {
    const json config = json::parse(KerasModelConfig(network.spec())->dump());
    Notes notes;
    const auto spec = ReadKerasModelConfig(config, &notes);
    ASSERT_TRUE(spec.ok()) << spec.status();
    EXPECT_EQ(nn::ModelSpecToText(*spec), nn::ModelSpecToText(network.spec()));
    EXPECT_THAT(notes, IsEmpty());
  }
}

TEST(KerasModelConfigTest, RatesAreWrittenShortAndKeepTheirBits) {
  nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
  for (const float rate : {0.1F, 0.3F, 1.0F / 3, 1e-7F, 0.99999994F}) {
    spec.layers[6].kind = nn::DropoutSpec{rate};
    const json config = json::parse(KerasModelConfig(spec)->dump());
    if (rate == 0.1F) {
      EXPECT_THAT(config.dump(), HasSubstr("\"rate\":0.1,"));
    }
    Notes notes;
    const auto read = ReadKerasModelConfig(config, &notes).value();
    EXPECT_EQ(std::get<nn::DropoutSpec>(read.layers[6].kind).rate, rate);
  }
}

TEST(KerasModelConfigTest, NamesThatKerasRefusesAreRefused) {
  for (const char* name : {"my layer", "conv/1", "", "_conv", "caf\u00e9", "a:0", "a\n", "a\"b"}) {
    nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
    spec.layers[0].name = name;
    const absl::Status status = KerasModelConfig(spec).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("layer '"));
  }
  nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
  spec.name = "my network";
  EXPECT_THAT(std::string(KerasModelConfig(spec).status().message()),
              HasSubstr("network 'my network': Keras takes only names of"));
  spec.name = "";
  EXPECT_EQ((*KerasModelConfig(spec))["config"]["name"], "sequential");
}

TEST(KerasModelConfigTest, InputHasANameOfItsOwn) {
  nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
  spec.layers[1].name = "conv1_input";
  EXPECT_EQ((*KerasModelConfig(spec))["config"]["layers"][0]["config"]["name"], "conv1_input_1");
}

// What Keras 3 writes into an .h5 file, shortened: modules, dtype policies, batch_shape, null for
// what is not said.
TEST(ReadKerasModelConfigTest, ReadsKeras3) {
  Notes notes;
  const auto spec = Read(
      R"({"module": "keras.layers", "class_name": "InputLayer", "registered_name": null,
          "config": {"batch_shape": [null, 28, 28, 3], "dtype": "float32", "sparse": false,
                     "ragged": false, "name": "input_layer"}},
         {"module": "keras.layers", "class_name": "Conv2D", "registered_name": null,
          "build_config": {"input_shape": [null, 28, 28, 3]},
          "config": {"name": "c", "trainable": true, "filters": 8, "kernel_size": [3, 2],
            "dtype": {"module": "keras", "class_name": "DTypePolicy", "registered_name": null,
                      "config": {"name": "float32"}},
            "strides": [1, 1], "padding": "same", "data_format": "channels_last",
            "dilation_rate": [1, 1], "groups": 1, "activation": "relu", "use_bias": true,
            "kernel_initializer": {"module": "keras.initializers", "class_name": "GlorotUniform",
                                   "config": {"seed": null}, "registered_name": null},
            "kernel_regularizer": null}},
         {"module": "keras.layers", "class_name": "Flatten",
          "config": {"name": "f", "trainable": true, "data_format": "channels_last"}},
         {"module": "keras.layers", "class_name": "Dense",
          "config": {"name": "d", "units": 4, "use_bias": false,
            "activation": {"module": "builtins", "class_name": "function", "config": "softmax",
                           "registered_name": "softmax"}}})",
      &notes);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->channels, 3);
  ASSERT_EQ(spec->layers.size(), 3U);
  const auto& conv = std::get<nn::Conv2dSpec>(spec->layers[0].kind);
  EXPECT_EQ(conv.kernel.width, 2);
  EXPECT_EQ(conv.padding, nn::Padding::kSame);
  const auto& dense = std::get<nn::DenseSpec>(spec->layers[2].kind);
  EXPECT_EQ(dense.activation, nn::ActivationFunction::kSoftmax);
  EXPECT_FALSE(dense.use_bias);
  EXPECT_THAT(notes, IsEmpty());
}

// No InputLayer, and the list of layers as the whole config.
TEST(ReadKerasModelConfigTest, ReadsEarlyKeras2) {
  const json config = json::parse(R"({"class_name": "Sequential", "config": [
      {"class_name": "Flatten", "config": {"name": "flatten_1", "trainable": true,
                                           "batch_input_shape": [null, 28, 28]}},
      {"class_name": "Dense", "config": {"name": "dense_1", "units": 10,
                                         "activation": "softmax"}}]})");
  Notes notes;
  const auto spec = ReadKerasModelConfig(config, &notes);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->name, "sequential");
  EXPECT_EQ(spec->height, 28);
  EXPECT_EQ(spec->channels, 1);
  EXPECT_EQ(spec->layers.size(), 2U);
}

TEST(ReadKerasModelConfigTest, RefusesByNameWhatConvoyDoesNotHave) {
  EXPECT_EQ(ErrorOf(R"({"class_name": "LSTM", "config": {"name": "memory"}})"),
            "layer 'memory' (LSTM): Convoy has no layer 'LSTM', only Activation, Add, "
            "AveragePooling2D, BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Dropout, ELU, "
            "Flatten, GlobalAveragePooling2D, GlobalMaxPooling2D, GroupNormalization, LeakyReLU, "
            "MaxPooling2D, Normalization, ReLU, Rescaling, Reshape, SeparableConv2D, Softmax, "
            "ZeroPadding2D");
  EXPECT_EQ(
      ErrorOf(R"({"class_name": "Lambda", "config": {"name": "l", "function": ["4wEA"]}})"),
      "layer 'l' (Lambda): is code in Python, which Convoy does not run; save the model with a "
      "layer in its place, such as Rescaling");
  const auto conv = [](const std::string& field) {
    return ErrorOf(R"({"class_name": "Conv2D", "config": {"name": "c", "filters": 2,
                       "kernel_size": 3, )" +
                   field + "}}");
  };
  EXPECT_EQ(conv(R"("dilation_rate": [2, 2])"),
            "layer 'c' (Conv2D): field 'dilation_rate' must be 1, not [2,2]");
  EXPECT_EQ(conv(R"("groups": 2)"), "layer 'c' (Conv2D): field 'groups' must be 1, not 2");
  EXPECT_EQ(conv(R"("padding": "causal")"),
            "layer 'c' (Conv2D): field 'padding' must be valid or same, not \"causal\"");
  EXPECT_EQ(conv(R"("dtype": "float64")"),
            "layer 'c' (Conv2D): field 'dtype' must be float32, not \"float64\"");
  EXPECT_THAT(conv(R"("dtype": {"class_name": "Policy", "config": {"name": "float16"}})"),
              HasSubstr("must be float32, not {\"class_name\":\"Policy\""));
  EXPECT_EQ(conv(R"("activation": "gelu")"),
            "layer 'c' (Conv2D): field 'activation' must be one of linear, relu, sigmoid, tanh, "
            "softmax, elu, leaky_relu, selu, not \"gelu\"");
  EXPECT_THAT(conv(R"("activation": {"class_name": "PReLU", "config": {"alpha": 0.3}})"),
              HasSubstr("field 'activation' must be a name"));
  EXPECT_THAT(conv(R"("strides": [0, 1])"), HasSubstr("field 'strides' must be"));
  EXPECT_THAT(ErrorOf(R"({"class_name": "Dropout", "config": {"name": "d", "rate": 1}})"),
              HasSubstr("field 'rate' must be in [0, 1), not 1"));
  EXPECT_THAT(ErrorOf(R"({"class_name": "Activation", "config": {"name": "a"}})"),
              HasSubstr("field 'activation' must be a string, but is missing"));
}

TEST(ReadKerasModelConfigTest, NamesAreQuotedForMessages) {
  EXPECT_THAT(ErrorOf(R"({"class_name": "A\nB", "config": {"name": "x\u001b[2J\u00e9"}})"),
              HasSubstr("layer 'x\\x1b[2J\u00e9' (A\\x0aB): Convoy has no layer 'A\\x0aB', only"));
}

TEST(ReadKerasModelConfigTest, RefusesOtherKindsOfModels) {
  Notes notes;
  const auto error = [&notes](const char* text) {
    return std::string(ReadKerasModelConfig(json::parse(text), &notes).status().message());
  };
  EXPECT_EQ(error(R"({"class_name": "Functional", "config": {"layers": []}})"),
            "model_config: the model has 0 outputs; Convoy's networks are chains of layers");
  EXPECT_EQ(
      error(R"({"class_name": "Siamese", "config": {"layers": []}})"),
      "model_config: field 'class_name' must be Sequential or Functional, the kinds of models "
      "that Convoy reads, not \"Siamese\"");
  EXPECT_THAT(error(R"({})"), HasSubstr("'class_name' must be a string, but is missing"));
  EXPECT_THAT(error(R"({"class_name": "Sequential"})"), HasSubstr("'layers' must be a list"));
  EXPECT_THAT(error(R"({"class_name": "Sequential", "config": {"layers": [3]}})"),
              HasSubstr("layer 0: field 'class_name' must be a string"));
  EXPECT_THAT(error(R"({"class_name": "Sequential", "config": {"layers": [
                 {"class_name": "Flatten", "config": {"name": ""}}]}})"),
              HasSubstr("layer 0: field 'name' must be a name, not \"\""));
  EXPECT_THAT(error(R"({"class_name": "Sequential", "config": {"layers": []}})"),
              HasSubstr("before its input's shape was known"));
  EXPECT_THAT(error(R"({"class_name": "Sequential", "config": {"layers": [
                 {"class_name": "Flatten", "config": {"name": "f"}}]}})"),
              HasSubstr("before its input's shape was known"));
}

TEST(ReadKerasModelConfigTest, RefusesInputsThatAreNoImages) {
  for (const char* shape :
       {"[null]", "[null, null, 28, 1]", "[null, 28, 28, 1, 1]", "3", "[null, 28, 28, -1]",
        "[null, 28, 4097, 1]", "[null, 28, 28.0, 1]", "[null, 28, 18446744073709551615, 1]"}) {
    Notes notes;
    const auto spec = Read(std::string(R"({"class_name": "InputLayer", "config":
        {"name": "i", "batch_input_shape": )") +
                               shape + "}}",
                           &notes);
    EXPECT_THAT(std::string(spec.status().message()),
                HasSubstr("the input's shape must be [null, height, width, channels], not "))
        << shape;
  }
}

TEST(ReadKerasModelConfigTest, TakesOpenSizesFromTheCaller) {
  const auto read = [](const char* shape, const char* format) {
    const json config = json::parse(
        std::string(R"({"class_name": "Sequential", "config": {"name": "net", "layers": [
            {"class_name": "Conv2D", "config": {"name": "c", "filters": 4, "kernel_size": 3,
             "data_format": ")") +
        format + R"(", "batch_input_shape": )" + shape + R"(}},
            {"class_name": "GlobalAveragePooling2D", "config": {"name": "g"}}]}})");
    Notes notes;
    return ReadKerasNetwork(config, {.height = 28, .width = 20}, &notes).value().spec;
  };
  const auto sizes = [](const nn::ModelSpec& spec) {
    return std::vector<int>{spec.height, spec.width, spec.channels};
  };
  EXPECT_THAT(sizes(read("[null, null, null, 3]", "channels_last")), ElementsAre(28, 20, 3));
  EXPECT_THAT(sizes(read("[null, 3, null, null]", "channels_first")), ElementsAre(28, 20, 3));
  EXPECT_THAT(sizes(read("[null, null, 16, 1]", "channels_last")), ElementsAre(28, 16, 1));
}

TEST(ReadKerasModelConfigTest, ChannelsFirstHoldForAllLayers) {
  const auto error = [](const std::string& layer) {
    Notes notes;
    const auto spec = Read(R"({"class_name": "Conv2D", "config": {"name": "c", "filters": 2,
        "kernel_size": 3, "data_format": "channels_first",
        "batch_input_shape": [null, 1, 28, 28]}},)" +
                               layer,
                           &notes);
    return std::string(spec.status().message());
  };
  EXPECT_EQ(error(R"({"class_name": "MaxPooling2D",
                      "config": {"name": "p", "data_format": "channels_last"}})"),
            "layer 'p' (MaxPooling2D): field 'data_format' must be channels_first, as in other "
            "layers, not \"channels_last\"");
  for (const char* axis : {"-1", "[3]", "2"}) {
    EXPECT_THAT(error(R"({"class_name": "BatchNormalization", "config": {"name": "b", "axis": )" +
                      std::string(axis) + "}}"),
                HasSubstr("field 'axis' must be 1, not "));
  }
  EXPECT_THAT(error(R"({"class_name": "BatchNormalization", "config": {"name": "b", "axis": 1}},
                       {"class_name": "Flatten", "config": {"name": "f"}},
                       {"class_name": "BatchNormalization", "config": {"name": "n", "axis": -1}},
                       {"class_name": "Dense", "config": {"name": "d", "units": 3}})"),
              IsEmpty());
}

TEST(ReadKerasModelConfigTest, NormalizationOfColumnsIsRefused) {
  Notes notes;
  const auto spec = Read(R"({"class_name": "Normalization", "config": {"name": "n", "axis": -1,
      "batch_input_shape": [null, 28, 28]}})",
                         &notes);
  EXPECT_EQ(spec.status().message(),
            "layer 'n' (Normalization): field 'axis' must be null where images have no channels, "
            "not -1");
  EXPECT_THAT(ErrorOf(R"({"class_name": "Normalization",
                          "config": {"name": "n", "axis": -1, "invert": true}})"),
              HasSubstr("field 'invert' must be false"));
}

TEST(KerasArithmeticTest, ReadsWhatIsDoneWithANumber) {
  const auto function = [](const std::string& name, const std::string& node) {
    return ReadKerasArithmetic(
        json::parse(R"({"class_name": "TFOpLambda", "config": {"function": ")" + name +
                    R"("}, "inbound_nodes": [)" + node + "]}"));
  };
  const auto operation = [](const std::string& name, const std::string& args) {
    return ReadKerasArithmetic(json::parse(R"({"class_name": ")" + name +
                                           R"(", "config": {}, "inbound_nodes": [{"args": )" +
                                           args + "}]}"));
  };
  const auto expect = [](const std::optional<KerasArithmetic>& read, double scale, double offset) {
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->scale, scale);
    EXPECT_EQ(read->offset, offset);
  };
  const std::string call = R"(["i", 0, 0, {"y": 4, "name": null}])";
  expect(function("math.truediv", call), 0.25, 0);
  expect(function("math.subtract", "[" + call + "]"), 1, -4);
  expect(function("__operators__.add", call), 1, 4);
  expect(operation("Multiply", "[{}, 4]"), 4, 0);
  expect(operation("Subtract", "[4, {}]"), -1, 4);
  expect(operation("Add", "[4, {}]"), 1, 4);
  for (const auto& none :
       {function("nn.relu", call), function("math.truediv", R"(["i", 0, 0, {"y": ["j", 0, 0]}])"),
        function("math.multiply", R"(["i", 0, 0, {"y": 0}])"), function("math.add", "7"),
        operation("Divide", "[4, {}]"), operation("Divide", "[{}, 0]"),
        operation("Add", "[[{}, {}]]"), operation("Add", "[{}, {}]"), operation("Add", "[4, 4]")}) {
    EXPECT_FALSE(none.has_value());
  }
}

TEST(ReadKerasModelConfigTest, NotesWhatOnlyTrainingUses) {
  Notes notes;
  const auto spec = Read(std::string(kInput) + R"(,
      {"class_name": "Flatten", "config": {"name": "f", "trainable": true}},
      {"class_name": "Dense", "config": {"name": "d", "units": 3, "trainable": false,
       "kernel_regularizer": {"class_name": "L1", "config": {"l1": 0.01}}}})",
                         &notes);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(notes, ElementsAre("layer 'd' (Dense): kernel_regularizer is not imported: "
                                 "{\"class_name\":\"L1\",\"config\":{\"l1\":0.01}}",
                                 HasSubstr("layer 'd' (Dense): is frozen in Keras"),
                                 HasSubstr("the model ends in logits: a softmax is added")));
}

TEST(ReadKerasModelConfigTest, ReadsTheLayersOfDeeperNetworks) {
  Notes notes;
  const auto spec = Read(std::string(kInput) + R"(,
      {"class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": 3,
       "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.25}}}},
      {"class_name": "BatchNormalization", "config": {"name": "b", "axis": [3], "momentum": 0.9,
       "center": true, "scale": true}},
      {"class_name": "LeakyReLU", "config": {"name": "r", "negative_slope": 0.5}},
      {"class_name": "AveragePooling2D", "config": {"name": "a", "padding": "same"}},
      {"class_name": "ELU", "config": {"name": "e"}},
      {"class_name": "GlobalAveragePooling2D", "config": {"name": "g"}})",
                         &notes);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(notes, ElementsAre(HasSubstr("the model ends in logits: a softmax is added")));
  EXPECT_EQ(std::get<nn::Conv2dSpec>(spec->layers[0].kind).kernel_l2, 0.25F);
  EXPECT_EQ(std::get<nn::BatchNormalizationSpec>(spec->layers[1].kind).momentum, 0.9F);
  EXPECT_EQ(std::get<nn::BatchNormalizationSpec>(spec->layers[1].kind).epsilon, 0.001F);
  EXPECT_EQ(std::get<nn::ActivationSpec>(spec->layers[2].kind).alpha, 0.5F);
  EXPECT_EQ(std::get<nn::AveragePooling2dSpec>(spec->layers[3].kind).padding, nn::Padding::kSame);
  EXPECT_EQ(std::get<nn::ActivationSpec>(spec->layers[4].kind).alpha, 1.0F);
  EXPECT_THAT(
      ErrorOf(R"({"class_name": "BatchNormalization", "config": {"name": "b", "axis": 2}})"),
      HasSubstr("field 'axis' must be the last, not 2"));
  EXPECT_THAT(
      ErrorOf(R"({"class_name": "BatchNormalization", "config": {"name": "b", "axis": [1]}})"),
      HasSubstr("field 'axis' must be the last, not [1]"));
  EXPECT_THAT(ErrorOf(R"({"class_name": "GlobalAveragePooling2D",
                          "config": {"name": "g", "keepdims": true}})"),
              HasSubstr("field 'keepdims' must be false"));
  EXPECT_THAT(ErrorOf(R"({"class_name": "LeakyReLU", "config": {"name": "r", "alpha": -1}})"),
              HasSubstr("field 'alpha' must be 0 or a positive number, not -1"));
}

}  // namespace
}  // namespace convoy::exports
