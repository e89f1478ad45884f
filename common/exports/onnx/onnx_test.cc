#include "common/exports/onnx/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <functional>
#include <set>

#include "common/exports/exports_testing.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/onnx/onnx_run.h"
#include "common/exports/probabilities.h"

namespace convoy::exports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

onnx::ModelProto Parse(const std::string& bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(bytes));
  return model;
}

std::vector<std::string> OperatorsOf(const formats::ModelFile& model) {
  const onnx::ModelProto proto = Parse(EncodeOnnx(model).value());
  std::vector<std::string> operators;
  for (const onnx::NodeProto& node : proto.graph().node()) operators.push_back(node.op_type());
  return operators;
}

TEST(OnnxTest, NotebookIsAChainFromImagesToProbabilities) {
  const formats::ModelFile model = BuiltinModel("notebook");
  EXPECT_THAT(OperatorsOf(model),
              ElementsAre("Transpose", "Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool",
                          "Flatten", "Gemm", "Relu", "Gemm", "Softmax"));
  const onnx::ModelProto proto = Parse(EncodeOnnx(model).value());
  EXPECT_EQ(proto.ir_version(), 7);
  ASSERT_EQ(proto.opset_import_size(), 1);
  EXPECT_EQ(proto.opset_import(0).version(), 13);
  const onnx::GraphProto& graph = proto.graph();
  ASSERT_EQ(graph.input_size(), 1);
  EXPECT_EQ(graph.input(0).name(), "input");
  const auto& shape = graph.input(0).type().tensor_type().shape();
  EXPECT_EQ(shape.dim(0).dim_param(), "N");
  EXPECT_EQ(shape.dim(1).dim_value(), 28);
  ASSERT_EQ(graph.output_size(), 1);
  EXPECT_EQ(graph.output(0).name(), "output");
  EXPECT_EQ(graph.output(0).type().tensor_type().shape().dim(1).dim_value(), 10);
}

TEST(OnnxTest, KernelsBecomeOihw) {
  const formats::ModelFile model = BuiltinModel("notebook");
  const onnx::ModelProto proto = Parse(EncodeOnnx(model).value());
  const onnx::TensorProto& kernel = proto.graph().initializer(2);
  ASSERT_EQ(kernel.name(), "conv2/kernel");
  EXPECT_THAT(kernel.dims(), ElementsAre(64, 32, 3, 3));
  const auto* oihw = reinterpret_cast<const float*>(kernel.raw_data().data());
  // y = 1, x = 2, channel 5, filter 7.
  EXPECT_EQ(oihw[((7 * 32 + 5) * 3 + 1) * 3 + 2],
            model.tensors[2].data[((1 * 3 + 2) * 32 + 5) * 64 + 7]);
}

TEST(OnnxTest, FirstDenseLayerTakesUpTheOrderOfFlatten) {
  const formats::ModelFile model = BuiltinModel("notebook");
  const onnx::ModelProto proto = Parse(EncodeOnnx(model).value());
  const onnx::TensorProto& kernel = proto.graph().initializer(4);
  ASSERT_EQ(kernel.name(), "dense1/kernel");
  const auto* rows = reinterpret_cast<const float*>(kernel.raw_data().data());
  // Of the image [5, 5, 64]: y = 3, x = 1, channel 9; unit 17.
  EXPECT_THAT(kernel.dims(), ElementsAre(128, 5 * 5 * 64));
  EXPECT_EQ(rows[17 * 1600 + (9 * 5 + 3) * 5 + 1],
            model.tensors[4].data[((3 * 5 + 1) * 64 + 9) * 128 + 17]);
}

TEST(OnnxTest, WithoutADenseLayerTheImageIsTransposedBack) {
  const auto networks = ExportNetworks();
  const auto found = std::find_if(networks.begin(), networks.end(), [](const nn::Network& n) {
    return n.spec().name == "FlattenWithoutDense";
  });
  EXPECT_THAT(OperatorsOf(ModelOf(*found)),
              ElementsAre("Transpose", "Conv", "Transpose", "Flatten", "Softmax"));
}

TEST(OnnxTest, ANetworkWithoutConvolutionNeedsNoTranspose) {
  EXPECT_THAT(OperatorsOf(ModelOf(R"(name: "d" input { height: 2 width: 3 channels: 2 }
      layers { dropout { rate: 0.5 } } layers { flatten {} }
      layers { dense { units: 2 activation: SOFTMAX } })")),
              ElementsAre("Flatten", "Gemm", "Softmax"));
}

TEST(OnnxTest, GroupsAreNormalizedAsInstances) {
  const formats::ModelFile model = ModelOf(GroupNormalizedNetwork());
  const data::Dataset images = RandomImages(GroupNormalizedNetwork(), 8);
  const std::vector<double> expected = ConvoyProbabilities(model, images.View()).value();
  const std::vector<double> actual =
      OnnxProbabilities(EncodeOnnx(model).value(), images.View()).value();
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
  EXPECT_THAT(OperatorsOf(model), ::testing::Contains("InstanceNormalization"));
}

TEST(OnnxTest, AllValuesHaveNamesOfTheirOwn) {
  for (const nn::Network& network : ExportNetworks()) {
    const onnx::ModelProto proto = Parse(EncodeOnnx(ModelOf(network)).value());
    std::set<std::string> names = {proto.graph().input(0).name()};
    for (const auto& tensor : proto.graph().initializer()) {
      EXPECT_TRUE(names.insert(tensor.name()).second) << tensor.name();
    }
    for (const auto& node : proto.graph().node()) {
      EXPECT_TRUE(names.insert(node.output(0)).second) << node.output(0);
    }
  }
}

TEST(OnnxTest, InputAndOutputKeepTheirNamesWhateverLayersAreCalled) {
  const onnx::ModelProto proto = Parse(EncodeOnnx(ModelOf(R"(name: "d" input { height: 2 width: 2 }
      layers { name: "output" flatten {} } layers { name: "input" dense { units: 3 activation: RELU } }
      layers { name: "last" dense { units: 2 activation: SOFTMAX } })"))
                                           .value());
  const onnx::GraphProto& graph = proto.graph();
  EXPECT_EQ(graph.input(0).name(), "input");
  EXPECT_EQ(graph.output(0).name(), "output");
  EXPECT_EQ(graph.node(0).input(0), "input");
  EXPECT_EQ(graph.node(0).output(0), "output_1");
  EXPECT_EQ(graph.node(graph.node_size() - 1).output(0), "output");
}

TEST(OnnxTest, SameModelGivesSameBytes) {
  const formats::ModelFile model = BuiltinModel("notebook");
  EXPECT_EQ(EncodeOnnx(model).value(), EncodeOnnx(model).value());
}

TEST(OnnxTest, ModelsThatAreNoneAreNotWritten) {
  formats::ModelFile model = BuiltinModel("notebook");
  model.tensors.pop_back();
  EXPECT_EQ(EncodeOnnx(model).status().code(), absl::StatusCode::kInvalidArgument);
}

class OnnxRunTest : public ::testing::Test {
 protected:
  // Changes the notebook's graph and returns what running it says.
  static std::string ErrorAfter(const std::function<void(onnx::GraphProto*)>& change) {
    onnx::ModelProto proto = Parse(EncodeOnnx(BuiltinModel("notebook")).value());
    change(proto.mutable_graph());
    const auto result =
        RunOnnx(proto.SerializeAsString(), {{1, 28, 28, 1}, std::vector<double>(784, 0.5)});
    EXPECT_FALSE(result.ok());
    return std::string(result.status().message());
  }
};

TEST_F(OnnxRunTest, OtherOperatorsAndOddGraphsAreRefused) {
  using Graph = onnx::GraphProto;
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_node(2)->set_op_type("Gelu"); }),
              HasSubstr("node 'conv1' (Gelu): is an operator that Convoy does not write"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_node(2)->set_input(0, "x"); }),
              HasSubstr("nothing makes 'x'"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_node(1)->clear_attribute(); }),
              HasSubstr("has no attribute 'kernel_shape' of 2 numbers"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_initializer(2)->set_dims(0, 63); }),
              HasSubstr("is no whole array of floats"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_node(1)->set_input(1, "conv2/kernel"); }),
              HasSubstr("has a kernel that does not fit"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_node(8)->clear_attribute(); }),
              HasSubstr("attribute 'transB' must be 1"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_node(1)->set_input(2, "conv2/bias"); }),
              HasSubstr("has a bias of the wrong size"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->mutable_output(0)->set_name("x"); }),
              HasSubstr("nothing makes the model's output"));
  EXPECT_THAT(ErrorAfter([](Graph* g) { g->clear_input(); }), HasSubstr("one input"));
  EXPECT_THAT(ErrorAfter([](Graph* g) {
                g->mutable_input(0)
                    ->mutable_type()
                    ->mutable_tensor_type()
                    ->mutable_shape()
                    ->mutable_dim(1)
                    ->set_dim_value(27);
              }),
              HasSubstr("takes other images than (1, 28, 28, 1)"));
  EXPECT_THAT(
      ErrorAfter([](Graph* g) { g->mutable_node(0)->mutable_attribute(0)->set_ints(0, 1); }),
      HasSubstr("perm is no order"));
  EXPECT_EQ(RunOnnx("\xff\xff", {}).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace convoy::exports
