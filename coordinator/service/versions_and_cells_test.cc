// Models of earlier epochs, asked by name, and the images behind a cell of the confusion matrix.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/data/load_data.h"
#include "coordinator/service/serving_testing.h"

namespace convoy::coordinator {
namespace {

TEST_F(ServingTest, AVersionIsAskedLikeAModel) {
  using Stub = v1::ModelService::StubInterface;
  formats::ModelFile untrained = evaluate::UntrainedModelFile("notebook");
  for (formats::NamedTensor& tensor : untrained.tensors) {
    for (float& value : tensor.data) value = -value;
  }
  source_.Put("lesson/versions/0", "0", formats::EncodeModel(untrained).value());
  v1::GetFiltersRequest request;
  v1::GetFiltersResponse then;
  v1::GetFiltersResponse now;
  request.set_name("models/lesson/versions/0");
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::GetFilters, request, &then).ok());
  request.set_name(kModel);
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::GetFilters, request, &now).ok());
  EXPECT_EQ(then.layers(0).values(0), -now.layers(0).values(0));
  v1::PredictRequest asked = PredictRequest(1);
  asked.set_name("models/lesson/versions/0");
  v1::PredictResponse answer;
  ASSERT_TRUE(Predict(asked, &answer).ok());
  EXPECT_EQ(answer.model_version(), "0");
  asked.set_name("models/lesson/versions/7");
  ExpectError(Predict(asked, &answer), grpc::NOT_FOUND, "versions/7");
  asked.set_name("models/lesson/versions/../0");
  ExpectError(Predict(asked, &answer), grpc::INVALID_ARGUMENT, "is no version");
  v1::ListModelVersionsRequest list;
  v1::ListModelVersionsResponse listed;
  list.set_parent("models/lesson/versions/0");
  ExpectError(Call<Stub>(*model_stub_, &Stub::ListModelVersions, list, &listed),
              grpc::INVALID_ARGUMENT, "parent: ");
  list.set_parent(kModel);
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::ListModelVersions, list, &listed).ok());
  EXPECT_EQ(listed.models_size(), 1);
}

TEST_F(ServingTest, ACellsImagesComeInPages) {
  using Stub = v1::ModelService::StubInterface;
  const data::DataSource source = data::LoadData(directory_.path()).value();
  v1::EvaluateModelRequest evaluate;
  evaluate.set_name(kModel);
  v1::EvaluateModelResponse evaluation;
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, evaluate, &evaluation).ok());
  for (const int label : {0, 7}) {
    for (int predicted = 0; predicted < kClasses; ++predicted) {
      v1::ListImagesRequest request;
      request.set_name(kModel);
      request.set_label(label);
      request.set_predicted_label(predicted);
      request.set_page_size(3);
      v1::ListImagesResponse page;
      int64_t in_cell = 0;
      int64_t last = -1;
      do {
        ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::ListImages, request, &page).ok());
        ASSERT_LE(page.images_size(), 3);
        for (const v1::Mistake& image : page.images()) {
          EXPECT_GT(image.image_index(), last);
          last = image.image_index();
          EXPECT_EQ(source.test.View().labels[last], label);
          EXPECT_EQ(image.label(), label);
          EXPECT_EQ(image.predicted_label(), predicted);
          EXPECT_EQ(image.image().pixels(),
                    std::string(source.test.View().image(last),
                                source.test.View().image(last) + kImageBytes));
        }
        in_cell += page.images_size();
        request.set_page_token(page.next_page_token());
      } while (!request.page_token().empty());
      EXPECT_EQ(in_cell, evaluation.confusion_matrix(label).counts(predicted));
    }
  }
}

// Every image is read as a 3, says an evaluation that is put where those are kept that were made.
TEST_F(ServingTest, AnEvaluationIsMadeOnceForEachModel) {
  using Stub = v1::ModelService::StubInterface;
  const data::DataSource source = data::LoadData(directory_.path()).value();
  evaluate::DetailedEvaluation forged;
  forged.images = source.test.View().count;
  forged.predicted.assign(static_cast<size_t>(forged.images), 3);
  forged.confidence.assign(static_cast<size_t>(forged.images), 0.125f);
  forged.actual_probability = forged.confidence;
  forged.confusion = metrics::ConfusionMatrix(kClasses);
  forged.accuracy = 0.75;
  serving_.evaluations.Put(
      {.model_sha256 = Sha256Hex(bytes_), .data_sha256 = source.sha256, .split = v1::TEST},
      std::make_shared<const evaluate::DetailedEvaluation>(forged));
  v1::ListImagesRequest request;
  request.set_name(kModel);
  request.set_label(7);
  request.set_predicted_label(3);
  request.set_page_size(200);
  v1::ListImagesResponse page;
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::ListImages, request, &page).ok());
  const Label* labels = source.test.View().labels;
  EXPECT_EQ(page.images_size(), std::count(labels, labels + forged.images, 7));
  v1::EvaluateModelRequest evaluate;
  evaluate.set_name(kModel);
  evaluate.set_noise_seed(5);  // says nothing without noise
  v1::EvaluateModelResponse response;
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, evaluate, &response).ok());
  EXPECT_EQ(response.accuracy(), 0.75);
  // With noise, and of another model, it is another one.
  evaluate.set_noise_level(0.125);
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, evaluate, &response).ok());
  EXPECT_NE(response.accuracy(), 0.75);
  source_.Put("other", "1",
              formats::EncodeModel(evaluate::UntrainedModelFile("notebook", 9)).value());
  evaluate.set_noise_level(0);
  evaluate.set_name("models/other");
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, evaluate, &response).ok());
  EXPECT_NE(response.accuracy(), 0.75);
}

TEST_F(ServingTest, ACellThatIsNoneIsRefused) {
  using Stub = v1::ModelService::StubInterface;
  v1::ListImagesResponse page;
  const auto expect = [&](const v1::ListImagesRequest& request, const std::string& message) {
    ExpectError(Call<Stub>(*model_stub_, &Stub::ListImages, request, &page), grpc::INVALID_ARGUMENT,
                message);
  };
  v1::ListImagesRequest request;
  request.set_name(kModel);
  request.set_label(10);
  expect(request, "label: must be 0 to 9");
  request.set_label(0);
  request.set_predicted_label(-1);
  expect(request, "predicted_label: must be 0 to 9");
  request.set_predicted_label(0);
  request.set_page_size(-1);
  expect(request, "page_size: -1 is negative");
  request.set_page_size(0);
  request.set_page_token("?");
  expect(request, "page_token: not one");
  request.set_page_token("");
  request.set_data_set("cifar");
  expect(request, "data_set: 'cifar'");
}

}  // namespace
}  // namespace convoy::coordinator
