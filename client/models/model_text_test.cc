#include "client/models/model_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/models/model_json.h"

namespace convoy::client {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Three classes; nothing was taken for class 2, and there is no image of it.
v1::EvaluateModelResponse SampleEvaluation() {
  v1::EvaluateModelResponse evaluation;
  evaluation.set_data_kind("mnist");
  evaluation.set_split(v1::TEST);
  evaluation.set_image_count(1500);
  evaluation.set_loss(0.5);
  evaluation.set_accuracy(0.9);
  const int64_t counts[3][3] = {{900, 100, 0}, {50, 450, 0}, {0, 0, 0}};
  for (int label = 0; label < 3; ++label) {
    v1::ConfusionRow* row = evaluation.add_confusion_matrix();
    for (const int64_t count : counts[label]) row->add_counts(count);
    v1::ClassReport* report = evaluation.add_classes();
    report->set_label(label);
  }
  evaluation.mutable_classes(0)->set_support(1000);
  evaluation.mutable_classes(0)->set_precision(0.75);
  v1::Mistake* mistake = evaluation.add_mistakes();
  mistake->set_image_index(7);
  mistake->set_label(1);
  mistake->set_predicted_label(0);
  mistake->set_predicted_probability(0.75F);
  return evaluation;
}

v1::PredictResponse SamplePredictions() {
  v1::PredictResponse response;
  v1::Prediction* prediction = response.add_predictions();
  prediction->set_label(1);
  for (const float value : {0.25F, 0.625F, 0.125F}) prediction->add_probabilities(value);
  prediction->mutable_preparation()->set_summary("made light on dark");
  return response;
}

TEST(ModelTextTest, ConfusionHasDotsForZerosAndSharesOfRightAnswers) {
  EXPECT_EQ(ConfusionText(SampleEvaluation(), 0),
            "is \\ taken for    0    1  2   right\n"
            "             0  900  100  .  90.00%\n"
            "             1   50  450  .  90.00%\n"
            "             2    .    .  .       -\n");
}

TEST(ModelTextTest, ConfusionOfRaggedRowsIsStillATable) {
  v1::EvaluateModelResponse evaluation = SampleEvaluation();
  evaluation.mutable_confusion_matrix(2)->add_counts(5);
  evaluation.mutable_confusion_matrix(1)->clear_counts();
  EXPECT_THAT(ConfusionText(evaluation, 0), HasSubstr("?"));
}

TEST(ModelTextTest, EvaluationListsClassesAndMistakes) {
  EXPECT_THAT(EvaluationText(SampleEvaluation(), 0),
              AllOf(HasSubstr("loss 0.5000, accuracy 90.00% on 1,500 test images of MNIST\n"),
                    HasSubstr("    0   1,000     0.7500       -   -\n"),
                    HasSubstr("    7     1          0  75.00%")));
}

// Of each class one image is taken for the next one, of class 900 seven of its eight; none is taken
// for class 0, and class 500 has no images.
v1::EvaluateModelResponse ManyClasses(int classes) {
  v1::EvaluateModelResponse evaluation;
  for (int label = 0; label < classes; ++label) {
    v1::ConfusionRow* row = evaluation.add_confusion_matrix();
    for (int other = 0; other < classes; ++other) row->add_counts(0);
    v1::ClassReport* report = evaluation.add_classes();
    report->set_label(label);
    report->set_class_name(absl::StrCat("sort ", label));
    if (label == 500) continue;
    report->set_support(8);
    const int wrong = label == 900 ? 7 : label + 1 < classes ? 1 : 0;
    row->set_counts(label, 8 - wrong);
    if (wrong > 0) row->set_counts(label + 1, wrong);
    if (label > 0) report->set_f1_score(label == 900 ? 0.25 : 0.5 + 1e-4 * label);
  }
  return evaluation;
}

TEST(ModelTextTest, OfVeryManyClassesTheWorstAreShown) {
  const v1::EvaluateModelResponse evaluation = ManyClasses(1000);
  const std::string classes = EvaluationText(evaluation, 0);
  EXPECT_THAT(classes, HasSubstr("The 20 of 1,000 classes with the lowest F1:\n"
                                 "   class  images  precision  recall      F1\n"
                                 "  sort 0       8          -       -       -\n"
                                 "sort 900       8          -       -  0.2500\n"
                                 "  sort 1       8          -       -  0.5001\n"));
  EXPECT_THAT(classes, Not(AnyOf(HasSubstr("sort 500"), HasSubstr("sort 19"))));
  const std::string mistakes = ConfusionText(evaluation, 0);
  EXPECT_THAT(mistakes,
              StartsWith("The most frequent mistakes, 20 of 998 kinds, among 1,000 classes:\n"
                         "    is a  taken for  images  of the class\n"
                         "sort 900   sort 901       7        87.50%\n"
                         "  sort 0     sort 1       1        12.50%\n"));
  EXPECT_EQ(std::count(mistakes.begin(), mistakes.end(), '\n'), 22);
  EXPECT_THAT(ConfusionText(ManyClasses(100), 0), StartsWith("is \\ taken for"));
}

TEST(ModelTextTest, OfVeryManyClassesThatAreAllRightThereIsNoMistake) {
  v1::EvaluateModelResponse evaluation;
  for (int label = 0; label < 101; ++label) evaluation.add_confusion_matrix()->add_counts(0);
  EXPECT_EQ(ConfusionText(evaluation, 0), "No image was taken for another class.\n");
}

TEST(ModelTextTest, GeneratedDigitsAreNotCalledMnist) {
  v1::EvaluateModelResponse evaluation;
  evaluation.set_data_kind("generated");
  EXPECT_THAT(ImagesText(evaluation), HasSubstr("this is not MNIST"));
}

TEST(ModelTextTest, PredictionsNameTheSecondBestAndThePreparation) {
  EXPECT_EQ(PredictionsText({"a.png"}, {}, SamplePredictions(), 0),
            "picture  shows a    sure  or else          prepared\n"
            "a.png          1  62.50%        0  25.00%  made light on dark\n");
}

TEST(ModelTextTest, PredictionOutsideItsProbabilitiesIsNoCrash) {
  v1::PredictResponse response = SamplePredictions();
  response.mutable_predictions(0)->set_label(99);
  response.mutable_predictions(0)->clear_probabilities();
  EXPECT_THAT(PredictionsText({"a.png"}, {}, response, 0), HasSubstr("99"));
}

TEST(ModelJsonTest, UndefinedRatiosAreNull) {
  const auto json = EvaluationToJson(SampleEvaluation());
  EXPECT_EQ(json.at("accuracy"), 0.9);
  EXPECT_EQ(json.at("classes")[0].at("precision"), 0.75);
  EXPECT_TRUE(json.at("classes")[0].at("recall").is_null());
  EXPECT_EQ(json.at("confusion_matrix")[1], (std::vector<int>{50, 450, 0}));
  EXPECT_EQ(json.at("mistakes")[0].at("image"), 7);
}

TEST(ModelJsonTest, PredictionsKeepTheFilesNames) {
  const auto json = PredictionsToJson({"a.png"}, SamplePredictions());
  EXPECT_EQ(json[0].at("file"), "a.png");
  EXPECT_EQ(json[0].at("probabilities"), (std::vector<double>{0.25, 0.625, 0.125}));
}

}  // namespace
}  // namespace convoy::client
