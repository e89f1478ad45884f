#include "common/exports/tfjs/tfjs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/exports/exports_testing.h"

namespace convoy::exports {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class TfjsTest : public ::testing::Test {
 protected:
  TfjsTest() : path_(::testing::TempDir() + "/tfjs." + std::to_string(::getpid())) {
    std::filesystem::remove_all(path_);
  }
  ~TfjsTest() override { std::filesystem::remove_all(path_); }

  // Writes the model, replaces `from` by `to` in model.json, and returns what reading says.
  std::string ErrorAfter(const std::string& from, const std::string& to) {
    EXPECT_TRUE(WriteTfjs(path_, model_).ok());
    std::string text = ReadFile(path_ + "/model.json", 1 << 20).value();
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    EXPECT_TRUE(WriteFileAtomically(path_ + "/model.json", text).ok());
    const absl::Status status = ReadTfjs(path_).status();
    EXPECT_FALSE(status.ok()) << to;
    return std::string(status.message());
  }

  const formats::ModelFile model_ = ModelOf(ExportNetworks()[0]);
  std::string path_;
};

TEST_F(TfjsTest, RoundTripKeepsEveryBit) {
  ASSERT_TRUE(WriteTfjs(path_, model_).ok());
  const auto read = ReadTfjs(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(SameTensors(read->tensors, model_.tensors));
  EXPECT_EQ(read->model_textproto, model_.model_textproto);
}

// TensorFlow.js's Flatten wants three dimensions at least.
TEST_F(TfjsTest, FlattenOfWhatIsFlatAlreadyIsLeftOut) {
  const auto files = EncodeTfjs(ModelOf(R"(name: "n" input { height: 3 width: 4 }
                                           layers { name: "first" flatten {} }
                                           layers { name: "second" flatten {} }
                                           layers { dense { units: 3 activation: SOFTMAX } })"))
                         .value();
  const json description = json::parse(files[0].content);
  std::vector<std::string> names;
  for (const json& layer : description["modelTopology"]["model_config"]["config"]["layers"]) {
    names.push_back(layer["config"]["name"]);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("first_input", "first", "dense"));
}

TEST_F(TfjsTest, EluWithAnotherAlphaIsRefused) {
  const absl::Status status =
      EncodeTfjs(ModelOf(R"(name: "n" input { height: 3 width: 4 } layers { flatten {} }
                            layers { name: "e" activation { function: ELU alpha: 0.5 } }
                            layers { dense { units: 3 activation: SOFTMAX } })"))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("alpha 1 only, not 0.5"));
}

TEST_F(TfjsTest, ManifestNamesTheWeightsAsTheLoaderWantsThem) {
  const auto files = EncodeTfjs(BuiltinModel("notebook")).value();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].name, "model.json");
  EXPECT_EQ(files[1].name, "group1-shard1of1.bin");
  EXPECT_EQ(files[1].content.size(), 225034U * 4);
  const json description = json::parse(files[0].content);
  EXPECT_EQ(description["format"], "layers-model");
  EXPECT_EQ(description["modelTopology"]["model_config"]["class_name"], "Sequential");
  EXPECT_TRUE(description["modelTopology"].contains("training_config"));
  const json& group = description["weightsManifest"][0];
  EXPECT_EQ(group["paths"], json::parse(R"(["group1-shard1of1.bin"])"));
  EXPECT_EQ(group["weights"][0],
            json::parse(R"({"name": "conv1/kernel", "shape": [3, 3, 1, 32], "dtype": "float32"})"));
  EXPECT_EQ(group["weights"].size(), 8U);
}

TEST_F(TfjsTest, LargeWeightsAreCutIntoShards) {
  const formats::ModelFile large = ModelOf(R"(
    name: "large" input { height: 28 width: 28 channels: 1 } layers { flatten {} }
    layers { dense { units: 3000 activation: RELU } }
    layers { dense { units: 10 activation: SOFTMAX } })");
  const auto files = EncodeTfjs(large).value();
  // (784 * 3000 + 3000 + 3000 * 10 + 10) * 4 bytes.
  ASSERT_EQ(files.size(), 4U);
  EXPECT_EQ(files[3].name, "group1-shard3of3.bin");
  EXPECT_EQ(files[1].content.size(), kTfjsShardBytes);
  EXPECT_EQ(files[2].content.size(), kTfjsShardBytes);
  EXPECT_EQ(files[3].content.size(), 2385010U * 4 - 2 * kTfjsShardBytes);
  ASSERT_TRUE(WriteTfjs(path_, large).ok());
  EXPECT_TRUE(SameTensors(ReadTfjs(path_).value().tensors, large.tensors));
}

TEST_F(TfjsTest, ASmallerModelReplacesALargerOne) {
  ASSERT_TRUE(WriteTfjs(path_, BuiltinModel("notebook")).ok());
  ASSERT_TRUE(WriteFileAtomically(path_ + "/group1-shard2of2.bin", "old").ok());
  ASSERT_TRUE(WriteTfjs(path_, model_).ok());
  EXPECT_TRUE(SameTensors(ReadTfjs(path_).value().tensors, model_.tensors));
  EXPECT_FALSE(PathExists(path_ + "/group1-shard2of2.bin"));
}

TEST_F(TfjsTest, SameModelGivesSameBytes) {
  const auto a = EncodeTfjs(model_).value();
  const auto b = EncodeTfjs(model_).value();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].content, b[i].content);
}

TEST_F(TfjsTest, WhatIsMissingOrBrokenIsNamed) {
  EXPECT_THAT(std::string(ReadTfjs(path_).status().message()), HasSubstr("model.json"));
  EXPECT_THAT(ErrorAfter("{", ""), HasSubstr("model.json: "));
  EXPECT_THAT(ErrorAfter("modelTopology", "x"), HasSubstr("field 'model_config' must be"));
  EXPECT_THAT(ErrorAfter("weightsManifest", "x"), HasSubstr("field 'weightsManifest' must be"));
  EXPECT_THAT(ErrorAfter("\"Conv2D\"", "\"Conv9D\""), HasSubstr("Convoy has no layer 'Conv9D'"));
  EXPECT_THAT(ErrorAfter("group1-shard1of1.bin", "../secret"), HasSubstr("files in the folder"));
  EXPECT_THAT(ErrorAfter("group1-shard1of1.bin", "gone.bin"), HasSubstr("gone.bin"));
  EXPECT_THAT(ErrorAfter("conv2d/kernel\"", "conv9d/kernel\""),
              HasSubstr("has no weight 'conv2d/kernel'"));
  EXPECT_THAT(ErrorAfter("\"shape\":[3,3,3,5]", "\"shape\":[3,3,3,6]"), HasSubstr(": "));
  EXPECT_THAT(ErrorAfter("\"shape\":[3,3,3,5]", "\"shape\":[9000000000000000000,9]"),
              HasSubstr("exceeds what the folder's files hold"));
  EXPECT_THAT(ErrorAfter("\"shape\":[3,3,3,5]", "\"shape\":[-1]"), HasSubstr("whole numbers"));
  EXPECT_THAT(ErrorAfter("\"dtype\":\"float32\"}]", "\"dtype\":\"int32\"}]"),
              HasSubstr("field 'dtype' must be float32"));
}

TEST_F(TfjsTest, CutOrLongerWeightsAreFound) {
  ASSERT_TRUE(WriteTfjs(path_, model_).ok());
  const std::string shard = path_ + "/group1-shard1of1.bin";
  const std::string bytes = ReadFile(shard, 1 << 20).value();
  for (const std::string& changed :
       {bytes.substr(0, bytes.size() - 4), bytes + "more", std::string()}) {
    ASSERT_TRUE(WriteFileAtomically(shard, changed).ok());
    EXPECT_EQ(ReadTfjs(path_).status().code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace convoy::exports
