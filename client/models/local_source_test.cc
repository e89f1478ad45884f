#include "client/models/local_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/files.h"
#include "common/data/digits/generated_digits.h"
#include "common/evaluate/evaluate_testing.h"
#include "common/images/png.h"

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

class LocalSourceTest : public ::testing::Test {
 protected:
  LocalSourceTest() : path_(::testing::TempDir() + "convoy_local_source.convoy") {
    EXPECT_TRUE(formats::WriteModel(path_, evaluate::UntrainedModelFile("lenet5")).ok());
  }

  // A generated digit as a PNG file.
  static std::string DigitPng(uint32_t index) {
    images::GreyImage image{.width = 28, .height = 28, .pixels = std::vector<uint8_t>(28 * 28)};
    Label label = 0;
    data::DrawDigit(1, data::kGeneratedTestSplit, index, image.pixels.data(), &label);
    return images::EncodePng(image);
  }

  std::string path_;
};

TEST_F(LocalSourceTest, DescribesTheFile) {
  const auto source = OpenLocalModel(path_).value();
  const v1::TrainedModel model = source->Describe().value();
  EXPECT_EQ(model.network(), "lenet5");
  EXPECT_EQ(model.input().height(), 28);
  EXPECT_EQ(model.class_count(), 10);
  EXPECT_EQ(model.size_bytes(), static_cast<int64_t>(source->ReadBytes()->size()));
}

TEST_F(LocalSourceTest, EvaluatesGeneratedDigitsToConsistentNumbers) {
  const auto source = OpenLocalModel(path_).value();
  const auto evaluation = source->Evaluate({.data = "generated", .max_mistakes = 3}).value();
  EXPECT_EQ(evaluation.data_kind(), "generated");
  EXPECT_EQ(evaluation.image_count(), 10000);
  EXPECT_EQ(evaluation.mistakes_size(), 3);
  int64_t right = 0;
  int64_t all = 0;
  for (int actual = 0; actual < 10; ++actual) {
    right += evaluation.confusion_matrix(actual).counts(actual);
    for (const int64_t count : evaluation.confusion_matrix(actual).counts()) all += count;
  }
  EXPECT_EQ(all, 10000);
  EXPECT_EQ(static_cast<double>(right) / 10000, evaluation.accuracy());
}

TEST_F(LocalSourceTest, PictureGetsTheSameBitsAloneAndWithOthers) {
  const auto source = OpenLocalModel(path_).value();
  const auto both = source->Predict({{"a", DigitPng(0)}, {"b", DigitPng(1)}}, false).value();
  auto alone = source->Predict({{"b", DigitPng(1)}}, false).value();
  EXPECT_TRUE(alone.predictions(0).has_prepared_image());
  alone.mutable_predictions(0)->clear_prepared_image();  // only a single picture's
  ASSERT_EQ(both.predictions_size(), 2);
  EXPECT_EQ(both.predictions(1).SerializeAsString(), alone.predictions(0).SerializeAsString());
  EXPECT_EQ(both.predictions(0).probabilities_size(), 10);
}

TEST_F(LocalSourceTest, BrokenPictureIsNamed) {
  const auto source = OpenLocalModel(path_).value();
  const absl::Status status =
      source->Predict({{"good.png", DigitPng(0)}, {"bad.png", "no PNG"}}, false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("bad.png"));
}

TEST_F(LocalSourceTest, PictureOfAnotherSizeIsRefusedAsItIs) {
  images::GreyImage image{.width = 9, .height = 9, .pixels = std::vector<uint8_t>(81)};
  const auto source = OpenLocalModel(path_).value();
  const absl::Status status =
      source->Predict({{"small.png", images::EncodePng(image)}}, true).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("small.png: the image is (9, 9, 1)"));
  EXPECT_TRUE(source->Predict({{"digit.png", DigitPng(0)}}, true).ok());
}

TEST_F(LocalSourceTest, MissingAndBrokenFilesAreNamed) {
  EXPECT_THAT(OpenLocalModel("/no/such.convoy").status().message(), HasSubstr("/no/such.convoy"));
  ASSERT_TRUE(WriteFileAtomically(path_, "no model").ok());
  EXPECT_THAT(OpenLocalModel(path_).status().message(), HasSubstr(path_));
}

}  // namespace
}  // namespace convoy::client
