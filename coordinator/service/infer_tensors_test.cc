#include "coordinator/service/infer_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "common/nn/builtin_models.h"

namespace convoy::coordinator {
namespace {

using inference::ModelInferRequest;
using ::testing::HasSubstr;

constexpr int kMaxImages = 4;
constexpr int kElems = 784;

class InferTensorsTest : public ::testing::Test {
 protected:
  static ModelInferRequest Request(const std::string& datatype, std::vector<int64_t> shape) {
    ModelInferRequest request;
    auto* input = request.add_inputs();
    input->set_name("input");
    input->set_datatype(datatype);
    for (const int64_t size : shape) input->add_shape(size);
    return request;
  }

  static ModelInferRequest RawFloats(const std::vector<float>& values) {
    ModelInferRequest request = Request("FP32", {1, 28, 28, 1});
    request.add_raw_input_contents(values.data(), values.size() * sizeof(float));
    return request;
  }

  absl::StatusOr<std::vector<uint8_t>> Pixels(const ModelInferRequest& request) const {
    return PixelsOf(request, network_, kMaxImages);
  }

  void ExpectRefused(const ModelInferRequest& request, const std::string& message) const {
    const absl::Status status = Pixels(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  const nn::Network network_ = nn::Network::Create(nn::LoadModelSpec("notebook").value()).value();
};

TEST_F(InferTensorsTest, AllWaysToSendAnImageGiveItsBytes) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < kElems; ++i) bytes.push_back(static_cast<uint8_t>(i % 256));
  ModelInferRequest raw = Request("UINT8", {1, 28, 28, 1});
  raw.add_raw_input_contents(bytes.data(), bytes.size());
  ModelInferRequest typed = Request("UINT8", {1, 28, 28, 1});
  ModelInferRequest typed_floats = Request("FP32", {1, 28, 28, 1});
  std::vector<float> floats;
  for (const uint8_t byte : bytes) {
    typed.mutable_inputs(0)->mutable_contents()->add_uint_contents(byte);
    floats.push_back(static_cast<float>(byte) / 255);
    typed_floats.mutable_inputs(0)->mutable_contents()->add_fp32_contents(floats.back());
  }
  for (const ModelInferRequest& request : {raw, typed, typed_floats, RawFloats(floats)}) {
    EXPECT_EQ(Pixels(request).value(), bytes);
  }
}

TEST_F(InferTensorsTest, RefusesInputsThatThereAreNot) {
  ExpectRefused(ModelInferRequest(), "inputs: send one, named 'input'; this request has 0");
  ModelInferRequest other = Request("FP32", {1, 28, 28, 1});
  other.mutable_inputs(0)->set_name("image");
  ExpectRefused(other, "has 1, the first of them 'image'");
  ModelInferRequest two = Request("FP32", {1, 28, 28, 1});
  *two.add_inputs() = two.inputs(0);
  ExpectRefused(two, "this request has 2");
  ModelInferRequest output = Request("FP32", {1, 28, 28, 1});
  output.add_outputs()->set_name("logits");
  ExpectRefused(output, "outputs: there is no 'logits'; ask for 'output'");
}

TEST_F(InferTensorsTest, RefusesDatatypesAndShapesThatDoNotFit) {
  ExpectRefused(Request("INT64", {1, 28, 28, 1}), "datatype 'INT64' is not taken; send FP32");
  ExpectRefused(Request("", {1, 28, 28, 1}), "datatype ''");
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{{},
                                                                             {784},
                                                                             {28, 28},
                                                                             {28, 28, 1},
                                                                             {1, 28, 28},
                                                                             {1, 28, 28, 3},
                                                                             {0, 28, 28, 1},
                                                                             {-1, 28, 28, 1},
                                                                             {1, 1, 28, 28},
                                                                             {1, 28, 28, 1, 1}}) {
    ExpectRefused(Request("FP32", shape), "does not fit; send [n, 28, 28, 1] for n images");
  }
  ExpectRefused(Request("FP32", {kMaxImages + 1, 28, 28, 1}), "5 images are too many");
  ExpectRefused(Request("FP32", {std::numeric_limits<int64_t>::max(), 28, 28, 1}), "too many");
}

TEST_F(InferTensorsTest, RefusesContentsOfAnotherSize) {
  ModelInferRequest raw = Request("FP32", {1, 28, 28, 1});
  raw.add_raw_input_contents(std::string(kElems, '\0'));
  ExpectRefused(raw, "raw_input_contents has 784 bytes; its shape and datatype ask for 3136");
  ExpectRefused(Request("FP32", {1, 28, 28, 1}), "contents.fp32_contents has 0 values");
  ExpectRefused(Request("UINT8", {2, 28, 28, 1}), "its shape asks for 1568");
}

TEST_F(InferTensorsTest, RefusesRawAndTypedContentsMixed) {
  ModelInferRequest mixed = RawFloats(std::vector<float>(kElems));
  mixed.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1);
  ExpectRefused(mixed, "then no input has contents");
  ModelInferRequest two = RawFloats(std::vector<float>(kElems));
  two.add_raw_input_contents("");
  ExpectRefused(two, "one element an input");
}

TEST_F(InferTensorsTest, RefusesValuesThatAreNoPixels) {
  for (const float value : {255.0f, -0.1f, 1.01f, std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()}) {
    std::vector<float> values(kElems);
    values[7] = value;
    ExpectRefused(RawFloats(values), "at 7 is not within 0 and 1; divide by 255 first");
  }
  ModelInferRequest typed = Request("UINT8", {1, 28, 28, 1});
  for (int i = 0; i < kElems; ++i) {
    typed.mutable_inputs(0)->mutable_contents()->add_uint_contents(256);
  }
  ExpectRefused(typed, "value 256 is not within 0 and 255");
}

TEST_F(InferTensorsTest, AnswersAsItWasAsked) {
  const std::vector<float> probabilities = {0.25f, 0.75f, 1, 0};
  inference::ModelInferResponse typed;
  SetProbabilities(Request("FP32", {2, 28, 28, 1}), probabilities, 2, &typed);
  ASSERT_EQ(typed.outputs_size(), 1);
  EXPECT_EQ(typed.outputs(0).name(), "output");
  EXPECT_EQ(typed.outputs(0).datatype(), "FP32");
  EXPECT_THAT(typed.outputs(0).shape(), ::testing::ElementsAre(2, 2));
  EXPECT_THAT(typed.outputs(0).contents().fp32_contents(),
              ::testing::ElementsAreArray(probabilities));
  EXPECT_EQ(typed.raw_output_contents_size(), 0);

  inference::ModelInferResponse raw;
  SetProbabilities(RawFloats({}), probabilities, 2, &raw);
  EXPECT_FALSE(raw.outputs(0).has_contents());
  ASSERT_EQ(raw.raw_output_contents_size(), 1);
  std::vector<float> read(4);
  ASSERT_EQ(raw.raw_output_contents(0).size(), 16u);
  std::memcpy(read.data(), raw.raw_output_contents(0).data(), 16);
  EXPECT_EQ(read, probabilities);
}

}  // namespace
}  // namespace convoy::coordinator
