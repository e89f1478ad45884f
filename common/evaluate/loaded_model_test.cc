#include "common/evaluate/loaded_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "common/evaluate/evaluate_testing.h"

namespace convoy::evaluate {
namespace {

using ::testing::HasSubstr;

TEST(LoadedModelTest, FileGoesInAndPredictionsComeOut) {
  const std::string path = ::testing::TempDir() + "/loaded_model_test.convoy";
  formats::ModelFile file = UntrainedModelFile("notebook");
  file.metrics = {{"test_accuracy", 0.5}};
  ASSERT_TRUE(formats::WriteModel(path, file).ok());
  const auto model = LoadedModel::Load(path).value();
  EXPECT_EQ(model->weights_sha256(), formats::WeightsSha256(file.tensors));
  EXPECT_EQ(model->description().metrics, file.metrics);
  EXPECT_TRUE(model->description().tensors.front().data.empty());

  const data::Dataset images = NoiseDataset(1);
  const uint8_t* pixels = images.pixels.data();
  std::vector<float> probabilities(10);
  Predictor(model).Predict(&pixels, 1, probabilities.data());
  float sum = 0;
  for (const float probability : probabilities) sum += probability;
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(LoadedModelTest, BytesAreAsGoodAsAFile) {
  const std::string bytes = formats::EncodeModel(UntrainedModelFile("lenet5")).value();
  EXPECT_EQ(LoadedModel::Parse(bytes, "bytes").value()->network().spec().name, "lenet5");
  const auto truncated = LoadedModel::Parse(bytes.substr(0, bytes.size() / 2), "bytes");
  EXPECT_EQ(truncated.status().code(), absl::StatusCode::kDataLoss);
}

TEST(LoadedModelTest, RefusesTensorsOfAnotherNetwork) {
  formats::ModelFile file = UntrainedModelFile("notebook");
  file.tensors.pop_back();
  const auto model = LoadedModel::Create(file, "NAME");
  EXPECT_EQ(model.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(model.status().message(), HasSubstr("NAME: the weights have"));
}

TEST(LoadedModelTest, RefusesWeightsThatAreNoNumbers) {
  formats::ModelFile file = UntrainedModelFile("notebook");
  file.tensors[2].data[5] = std::numeric_limits<float>::quiet_NaN();
  const auto model = LoadedModel::Create(file, "NAME");
  EXPECT_EQ(model.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(model.status().message(), HasSubstr("NAME: tensor conv2/kernel"));
}

TEST(LoadedModelTest, RefusesANetworkThatMakesNoSense) {
  formats::ModelFile file = UntrainedModelFile("notebook");
  file.model_textproto = "name: 'x' layers { dense { units: -3 } }";
  EXPECT_THAT(LoadedModel::Create(file, "NAME").status().message(), HasSubstr("NAME"));
  file.model_textproto = "no network";
  EXPECT_EQ(LoadedModel::Create(file, "NAME").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(LoadedModelTest, RefusesANetworkWhosePassesTakeTooMuchMemory) {
  formats::ModelFile file = UntrainedModelFile("notebook");
  file.model_textproto =
      "name: 'x' input { height: 4000 width: 4000 channels: 16 }\n"
      "layers { max_pooling2d { pool_size: 4000 } }\n"
      "layers { flatten {} } layers { dense { units: 2 activation: SOFTMAX } }";
  const auto model = LoadedModel::Create(file, "NAME");
  EXPECT_EQ(model.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(model.status().message(), HasSubstr("NAME: a pass of 16 images takes"));
}

TEST(LoadedModelTest, MostLikelyIsTheFirstOfTheLargest) {
  const float probabilities[] = {0.1f, 0.4f, 0.1f, 0.4f};
  EXPECT_EQ(MostLikely(probabilities, 4), 1);
  EXPECT_EQ(MostLikely(probabilities, 1), 0);
}

}  // namespace
}  // namespace convoy::evaluate
