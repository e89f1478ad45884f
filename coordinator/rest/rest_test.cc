#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "coordinator/rest/bounded_json.h"
#include "coordinator/rest/infer_json.h"
#include "coordinator/rest/message_json.h"
#include "coordinator/rest/tensorflow_serving.h"

namespace convoy::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void ExpectInvalid(const absl::Status& status, const std::string& words) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << words;
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST(BoundedJsonTest, RefusesWhatIsNoObjectOrTooDeep) {
  for (const char* text : {"", "[]", "1", "{", "{}x", "{\"a\":1e999}", "\xff"}) {
    ExpectInvalid(ParseObject(text).status(), "body: ");
  }
  ExpectInvalid(ParseObject("{\"a\":" + std::string(1'000'000, '[')).status(), "levels");
  EXPECT_TRUE(ParseObject("{\"a\":[[[[1]]]]}").ok());
}

TEST(BoundedJsonTest, WritesTheShortestDigits) {
  EXPECT_EQ(Dump(Json{{"x", 0.1f}}), "{\"x\":0.1}");
  EXPECT_EQ(ErrorJson("no \"x\""), R"({"error":"no \"x\""})");
}

TEST(MessageJsonTest, HasAllFieldsUnderTheirNames) {
  inference::ModelMetadataResponse message;
  message.set_name("lesson");
  message.add_inputs()->set_datatype("FP32");
  message.mutable_inputs(0)->add_shape(-1);
  (*message.mutable_properties())["a"] = "b";
  EXPECT_EQ(Dump(ToJson(message)),
            R"({"name":"lesson","versions":[],"platform":"","inputs":[{"name":"",)"
            R"("datatype":"FP32","shape":[-1]}],"outputs":[],"properties":{"a":"b"}})");
}

inference::ModelInferResponse Answer() {
  inference::ModelInferResponse answer;
  answer.set_model_name("lesson");
  answer.set_model_version("3");
  answer.set_id("7");
  auto* output = answer.add_outputs();
  output->set_name("output");
  output->set_datatype("FP32");
  output->add_shape(2);
  output->add_shape(3);
  for (const float value : {0.25f, 0.5f, 0.25f, 0.f, 0.f, 1.f}) {
    output->mutable_contents()->add_fp32_contents(value);
  }
  return answer;
}

TEST(InferJsonTest, ReadsNestedNumbers) {
  const auto request =
      ReadInfer(R"({"id":"7","inputs":[{"name":"input","datatype":"UINT8","shape":[1,2,2,1],)"
                R"("data":[[[1],[2]],[[3],[255]]]}]})",
                std::nullopt);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->message.id(), "7");
  EXPECT_THAT(request->message.inputs(0).contents().uint_contents(), ElementsAre(1, 2, 3, 255));
  EXPECT_THAT(request->message.inputs(0).shape(), ElementsAre(1, 2, 2, 1));
  EXPECT_EQ(request->message.raw_input_contents_size(), 0);
}

TEST(InferJsonTest, ReadsBytesBehindTheJson) {
  const std::string json = R"({"inputs":[{"name":"input","datatype":"UINT8","shape":[1,1,3,1],)"
                           R"("parameters":{"binary_data_size":3}}],"outputs":[{"name":"output",)"
                           R"("parameters":{"binary_data":true,"classification":2}}]})";
  const auto request = ReadInfer(json + "abc", json.size());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->message.raw_input_contents(0), "abc");
  EXPECT_TRUE(request->binary_output);
  EXPECT_EQ(request->classes, 2);
  ExpectInvalid(ReadInfer(json + "ab", json.size()).status(), "binary_data_size");
  ExpectInvalid(ReadInfer(json + "abcd", json.size()).status(), "belong to none");
  ExpectInvalid(ReadInfer(json, json.size() + 1).status(), "inference-header-content-length");
  ExpectInvalid(ReadInfer(json + "abc", std::nullopt).status(), "body: not JSON");
}

TEST(InferJsonTest, NamesTheFieldThatIsWrong) {
  const auto input = [](const std::string& fields) { return R"({"inputs":[{)" + fields + "}]}"; };
  const std::string named = R"("name":"input","datatype":"UINT8")";
  for (const auto& [body, words] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "inputs: "},
           {R"({"inputs":[1]})", "inputs: "},
           {input(""), "name: "},
           {input(R"("name":"input")"), "datatype: "},
           {input(named), "shape: "},
           {input(named + R"(,"shape":[1.5])"), "shape: "},
           {input(named + R"(,"shape":[1])"), "data: "},
           {input(named + R"(,"shape":[1],"data":["x"])"), "data: "},
           {input(named + R"(,"shape":[1],"data":[256])"), "data: "},
           {input(named + R"(,"shape":[1],"data":[-1])"), "data: "},
           {input(named + R"(,"shape":[1],"parameters":{"binary_data_size":-1})"),
            "binary_data_size: "}}) {
    ExpectInvalid(ReadInfer(body, std::nullopt).status(), words);
  }
}

TEST(InferJsonTest, WritesNumbersBytesAndClasses) {
  EXPECT_EQ(WriteInfer(Answer(), {}).body,
            R"({"model_name":"lesson","model_version":"3","id":"7","outputs":[{"name":"output",)"
            R"("datatype":"FP32","shape":[2,3],"data":[0.25,0.5,0.25,0.0,0.0,1.0]}]})");
  const http::Response binary = WriteInfer(Answer(), {.message = {}, .binary_output = true});
  EXPECT_EQ(binary.content_type, "application/octet-stream");
  const size_t json_bytes = std::stoul(std::string(http::Find(binary.headers, kJsonLength)));
  ASSERT_EQ(binary.body.size(), json_bytes + 6 * sizeof(float));
  float second;
  std::memcpy(&second, binary.body.data() + json_bytes + sizeof(float), sizeof(float));
  EXPECT_EQ(second, 0.5f);
  EXPECT_THAT(
      WriteInfer(Answer(), {.message = {}, .classes = 2}).body,
      HasSubstr(R"("datatype":"BYTES","shape":[2,2],"data":["0.5:1","0.25:0","1:2","0:0"])"));
}

TEST(TensorflowServingTest, ReadsInstances) {
  const auto read = [](const char* text) { return ReadPredict(*ParseObject(text)); };
  const auto request = read(R"({"instances":[[[0.5,1]],[[0,0.25]]]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->inputs(0).shape(), ElementsAre(2, 1, 2));
  EXPECT_THAT(request->inputs(0).contents().fp32_contents(), ElementsAre(0.5f, 1.f, 0.f, 0.25f));
  EXPECT_THAT(read(R"({"instances":[{"input":[1,2]}]})")->inputs(0).shape(), ElementsAre(1, 2));
  EXPECT_THAT(read(R"({"inputs":{"input":[[1,2]]}})")->inputs(0).shape(), ElementsAre(1, 2));
  for (const char* text :
       {"{}", R"({"instances":1})", R"({"instances":[[1],[2,3]]})", R"({"instances":[1,[2]]})",
        R"({"instances":[[1],2]})", R"({"instances":["x"]})", R"({"instances":[{"image":[1]}]})"}) {
    EXPECT_EQ(read(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace convoy::rest
