#include "common/api/model_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/evaluate/evaluate_testing.h"

namespace convoy::api {
namespace {

using ::testing::HasSubstr;

class ModelEvaluationTest : public ::testing::Test {
 protected:
  ModelEvaluationTest() {
    source_.kind = data::kKindIdx;
    source_.sha256 = "digest";
    source_.train = evaluate::NoiseDataset(40);
    source_.test = evaluate::NoiseDataset(20);
    file_.recipe_textproto = "validation_split: 0.25";
    request_.set_name("models/x");
  }

  absl::StatusOr<v1::EvaluateModelResponse> Evaluate() const {
    return EvaluateModel(*evaluate::LoadedModel::Create(file_, "x").value(), source_, request_, 2);
  }

  void ExpectRefused(absl::StatusCode code, const std::string& message) const {
    const absl::Status status = Evaluate().status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  data::DataSource source_;
  formats::ModelFile file_ = evaluate::UntrainedModelFile("lenet5");
  v1::EvaluateModelRequest request_;
};

TEST_F(ModelEvaluationTest, AnswersOnTheTestImagesUnlessAskedOtherwise) {
  const v1::EvaluateModelResponse answer = Evaluate().value();
  EXPECT_EQ(answer.split(), v1::TEST);
  EXPECT_EQ(answer.image_count(), 20);
  EXPECT_EQ(answer.data_kind(), "idx");
  EXPECT_EQ(answer.data_sha256(), "digest");
  EXPECT_EQ(answer.mistakes_size(), 0);
  request_.set_split(v1::TRAIN);
  EXPECT_EQ(Evaluate()->image_count(), 30);
  request_.set_split(v1::VALIDATION);
  EXPECT_EQ(Evaluate()->image_count(), 10);
}

TEST_F(ModelEvaluationTest, ClassesAreThoseOfTheConfusionMatrix) {
  const v1::EvaluateModelResponse answer = Evaluate().value();
  ASSERT_EQ(answer.classes_size(), 10);
  int64_t images = 0;
  for (int label = 0; label < 10; ++label) {
    int64_t row = 0;
    for (const int64_t count : answer.confusion_matrix(label).counts()) row += count;
    EXPECT_EQ(answer.classes(label).support(), row);
    EXPECT_EQ(answer.classes(label).has_recall(), row > 0);
    images += row;
  }
  EXPECT_EQ(images, 20);
}

TEST_F(ModelEvaluationTest, MistakesComeWithTheirImages) {
  request_.set_max_mistakes(3);
  const v1::EvaluateModelResponse answer = Evaluate().value();
  ASSERT_EQ(answer.mistakes_size(), 3);
  EXPECT_EQ(answer.mistakes(0).image().pixels().size(), 784U);
  EXPECT_GE(answer.mistakes(0).predicted_probability(), answer.mistakes(1).predicted_probability());
}

TEST_F(ModelEvaluationTest, RequestsThatMakeNoSenseNameTheField) {
  request_.set_split(static_cast<v1::Split>(7));
  ExpectRefused(absl::StatusCode::kInvalidArgument, "split: there is no split 7");
  request_.set_split(v1::TEST);
  request_.set_max_mistakes(kMaxMistakes + 1);
  ExpectRefused(absl::StatusCode::kInvalidArgument, "max_mistakes: must be 0 to 1000, not 1001");
  request_.set_max_mistakes(0);
  request_.set_noise_level(-1);
  ExpectRefused(absl::StatusCode::kInvalidArgument, "noise_level: ");
}

TEST_F(ModelEvaluationTest, SplitThatTheRecipeHasNotIsRefused) {
  file_.recipe_textproto = "validation_split: 0";
  request_.set_split(v1::VALIDATION);
  ExpectRefused(absl::StatusCode::kFailedPrecondition, "held no images out");
  file_.recipe_textproto = "train_limit: 1000";
  ExpectRefused(absl::StatusCode::kFailedPrecondition, "not the images that the model was trained");
  file_.recipe_textproto = "no recipe";
  ExpectRefused(absl::StatusCode::kInvalidArgument, "models/x: recipe");
}

}  // namespace
}  // namespace convoy::api
