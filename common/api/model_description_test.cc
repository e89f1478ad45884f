#include "common/api/model_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/evaluate/evaluate_testing.h"

namespace convoy::api {
namespace {

using ::testing::HasSubstr;

TEST(ModelDescriptionTest, SaysWhatTheFileHolds) {
  formats::ModelFile file = evaluate::UntrainedModelFile("lenet5");
  file.metrics = {{"test_loss", 0.5}, {"test_accuracy", 0.75}};
  const std::string bytes = formats::EncodeModel(file).value();
  const v1::TrainedModel model = DescribeModel(bytes, "NAME").value();
  EXPECT_EQ(model.network(), "lenet5");
  EXPECT_EQ(model.input().height(), 28);
  EXPECT_EQ(model.class_count(), 10);
  EXPECT_EQ(model.size_bytes(), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(model.weights_sha256(), formats::WeightsSha256(file.tensors));
  ASSERT_EQ(model.metrics_size(), 2);
  EXPECT_EQ(model.metrics(1).value(), 0.75);
}

// Its moving statistics are tensors of the file and parameters of the network, but not trained.
TEST(ModelDescriptionTest, TakesBatchNormalization) {
  const formats::ModelFile file = evaluate::NormalizedModelFile();
  const auto model = DescribeModel(formats::EncodeModel(file).value(), "NAME");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->parameter_count(), formats::TotalElems(file.tensors, false));
}

TEST(ModelDescriptionTest, RefusesWeightsOfAnotherNetwork) {
  formats::ModelFile file = evaluate::UntrainedModelFile("lenet5");
  file.tensors.pop_back();
  const absl::Status status = DescribeModel(formats::EncodeModel(file).value(), "NAME").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("NAME: the weights have no further tensor"));
  EXPECT_THAT(DescribeModel("damaged", "NAME").status().message(), HasSubstr("NAME"));
}

}  // namespace
}  // namespace convoy::api
