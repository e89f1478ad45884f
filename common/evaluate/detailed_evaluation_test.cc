#include "common/evaluate/detailed_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>

#include "common/data/noise.h"
#include "common/evaluate/evaluate_testing.h"
#include "common/evaluate/evaluation.h"

namespace convoy::evaluate {
namespace {

using ::testing::HasSubstr;

class DetailedEvaluationTest : public ::testing::Test {
 protected:
  DetailedEvaluation Evaluate(const EvaluationOptions& options = {}) {
    return EvaluateInDetail(*model_, data_.View(), options).value();
  }

  std::shared_ptr<const LoadedModel> model_ = UntrainedModel();
  data::Dataset data_ = NoiseDataset(100);
};

TEST_F(DetailedEvaluationTest, LossAndAccuracyAreTheTrainersBitForBit) {
  std::vector<EvaluationSums> sums(static_cast<size_t>(NumChunks(data_.count)));
  nn::Executor executor(model_->plan(), kChunkImages);
  EvaluateChunks(executor, model_->weights(), data_.View(), {0, NumChunks(data_.count)},
                 sums.data());
  const EvaluationSums trainers = AddChunks(sums);
  for (const int threads : {1, 2, 3, 16}) {
    const DetailedEvaluation evaluation = Evaluate({.threads = threads});
    EXPECT_EQ(evaluation.loss, trainers.loss / 100);
    EXPECT_EQ(evaluation.accuracy, static_cast<double>(trainers.correct) / 100);
    EXPECT_EQ(evaluation.confusion.correct(), trainers.correct);
    EXPECT_EQ(evaluation.confusion.total(), 100);
  }
}

TEST_F(DetailedEvaluationTest, ProbabilitiesAreThePredictors) {
  std::vector<const uint8_t*> pixels;
  for (int64_t i = 0; i < data_.count; ++i) pixels.push_back(data_.View().image(i));
  std::vector<float> expected(1000);
  Predictor(model_).Predict(pixels.data(), 100, expected.data());
  const DetailedEvaluation evaluation = Evaluate({.threads = 2});
  for (size_t i = 0; i < 100; ++i) {
    const float* probabilities = expected.data() + 10 * i;
    const int predicted = MostLikely(probabilities, 10);
    EXPECT_EQ(evaluation.predicted[i], predicted);
    EXPECT_EQ(evaluation.confidence[i], probabilities[predicted]);
    EXPECT_EQ(evaluation.actual_probability[i], probabilities[data_.labels[i]]);
  }
}

TEST_F(DetailedEvaluationTest, NoiseIsThatOfTheImagesNumbers) {
  data::Dataset noisy = data_;
  for (int64_t i = 0; i < data_.count; ++i) {
    data::AddNoise(data_.View().image(i), 784, 0.2, 9, static_cast<uint32_t>(i),
                   noisy.pixels.data() + 784 * i);
  }
  const DetailedEvaluation expected = EvaluateInDetail(*model_, noisy.View(), {}).value();
  const DetailedEvaluation actual = Evaluate({.noise_level = 0.2, .noise_seed = 9, .threads = 2});
  EXPECT_EQ(actual.loss, expected.loss);
  EXPECT_EQ(actual.confidence, expected.confidence);
  EXPECT_EQ(actual.actual_probability, expected.actual_probability);
  EXPECT_NE(actual.confidence, Evaluate().confidence);
}

TEST_F(DetailedEvaluationTest, WorstMistakesAreTheSurest) {
  const DetailedEvaluation evaluation = Evaluate();
  const auto all = WorstMistakes(evaluation, data_.View(), 1000);
  ASSERT_EQ(static_cast<int64_t>(all.size()), 100 - evaluation.confusion.correct());
  for (size_t i = 0; i < all.size(); ++i) {
    const auto image = static_cast<size_t>(all[i].image);
    EXPECT_NE(all[i].actual, all[i].predicted);
    EXPECT_EQ(all[i].actual, data_.labels[image]);
    EXPECT_EQ(all[i].confidence, evaluation.confidence[image]);
    EXPECT_EQ(all[i].actual_probability, evaluation.actual_probability[image]);
    EXPECT_LE(all[i].confidence, all[i == 0 ? 0 : i - 1].confidence);
  }
  const auto some = WorstMistakes(evaluation, data_.View(), 3);
  ASSERT_EQ(some.size(), 3u);
  EXPECT_EQ(some[2].image, all[2].image);
  EXPECT_TRUE(WorstMistakes(evaluation, data_.View(), 0).empty());
}

TEST_F(DetailedEvaluationTest, StopsWhenAsked) {
  std::atomic<int> asked{0};
  const auto stopped =
      EvaluateInDetail(*model_, data_.View(), {.threads = 2, .stop = [&] { return ++asked >= 3; }});
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kCancelled);
  EXPECT_LE(asked, 5);
}

TEST_F(DetailedEvaluationTest, RefusesDataThatDoNotFit) {
  data::Dataset other = data_;
  other.height = 14;
  other.width = 56;
  const auto wrong_size = EvaluateInDetail(*model_, other.View(), {});
  EXPECT_EQ(wrong_size.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(wrong_size.status().message(), HasSubstr("(28, 28, 1), but these are (14, 56, 1)"));
  other = data_;
  other.num_classes = 11;
  EXPECT_THAT(EvaluateInDetail(*model_, other.View(), {}).status().message(),
              HasSubstr("10 classes apart, but the labels have 11"));
  EXPECT_EQ(EvaluateInDetail(*model_, data::DatasetView{}, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(EvaluateInDetail(*model_, data_.View(), {.noise_level = -1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DetailedEvaluationTest, SaysWhenAnswersAreNoNumbers) {
  formats::ModelFile file = UntrainedModelFile("notebook");
  for (formats::NamedTensor& tensor : file.tensors) {
    for (float& value : tensor.data) value *= std::numeric_limits<float>::max() / 100;
  }
  const auto evaluation =
      EvaluateInDetail(*LoadedModel::Create(file, "NAME").value(), data_.View(), {});
  EXPECT_EQ(evaluation.status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace convoy::evaluate
