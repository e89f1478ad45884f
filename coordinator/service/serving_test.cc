// ModelService and the Open Inference Protocol over a channel, on models of a fake source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/base/sha256.h"
#include "coordinator/service/serving_testing.h"

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

TEST_F(ServingTest, ASlowLoadHoldsNoOtherModelUp) {
  absl::Notification release;
  source_.BeforeRead([&](const std::string& id) {
    if (id == "slow") release.WaitForNotification();
  });
  source_.Put("slow", "1", bytes_);
  inference::ModelInferResponse response;
  ASSERT_TRUE(Infer(RawRequest(1), &response).ok());
  inference::ModelInferRequest slow = RawRequest(1);
  slow.set_model_name("slow");
  constexpr int kCalls = 100;  // more than there are threads for callbacks
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<inference::ModelInferResponse> responses(kCalls);
  std::atomic<int> succeeded{0};
  absl::BlockingCounter finished(kCalls);
  for (inference::ModelInferResponse& answer : responses) {
    stub_->async()->ModelInfer(contexts.emplace_back(std::make_unique<grpc::ClientContext>()).get(),
                               &slow, &answer, [&](const grpc::Status& status) {
                                 if (status.ok()) ++succeeded;
                                 finished.DecrementCount();
                               });
  }
  // Were a callback thread of the server to wait for the disk, this would never be answered.
  inference::ModelInferResponse quick;
  EXPECT_TRUE(Infer(RawRequest(1), &quick).ok());
  EXPECT_EQ(succeeded, 0);
  release.Notify();
  finished.Wait();
  EXPECT_EQ(succeeded, kCalls);
}

TEST_F(ServingTest, PredictAndInferGiveTheNetworksBits) {
  const std::vector<float> expected = Expected(40);
  for (const int images : {1, 2, 40}) {
    v1::PredictResponse predicted;
    ASSERT_TRUE(Predict(PredictRequest(images), &predicted).ok());
    ASSERT_EQ(predicted.predictions_size(), images);
    EXPECT_EQ(predicted.model_version(), "5");
    inference::ModelInferResponse inferred;
    ASSERT_TRUE(Infer(RawRequest(images), &inferred).ok());
    EXPECT_EQ(inferred.id(), "request 7");
    EXPECT_EQ(inferred.model_name(), "lesson");
    EXPECT_EQ(inferred.model_version(), "5");
    std::vector<float> raw(static_cast<size_t>(images * kClasses));
    ASSERT_EQ(inferred.raw_output_contents(0).size(), raw.size() * sizeof(float));
    std::memcpy(raw.data(), inferred.raw_output_contents(0).data(), raw.size() * sizeof(float));
    EXPECT_TRUE(std::equal(raw.begin(), raw.end(), expected.begin()));
    for (int i = 0; i < images; ++i) {
      const auto& prediction = predicted.predictions(i);
      EXPECT_TRUE(std::equal(prediction.probabilities().begin(), prediction.probabilities().end(),
                             expected.begin() + i * kClasses));
      EXPECT_EQ(prediction.label(), evaluate::MostLikely(expected.data() + i * kClasses, kClasses));
    }
  }
}

TEST_F(ServingTest, PredictPreparesPicturesAndShowsWhatTheNetworkSaw) {
  v1::PredictRequest request = PredictRequest(0);
  request.set_preparation(v1::AUTOMATIC);
  request.set_include_prepared_images(true);
  v1::RawImage* raw = request.add_images()->mutable_raw();
  raw->set_height(60);
  raw->set_width(50);
  raw->set_pixels(std::string(3000, '\xff'));
  for (size_t y = 10; y < 50; ++y) raw->mutable_pixels()->replace(y * 50 + 20, 8, 8, '\0');
  v1::PredictResponse response;
  ASSERT_TRUE(Predict(request, &response).ok());
  EXPECT_EQ(response.predictions(0).prepared_image().pixels().size(), 784u);
  EXPECT_THAT(response.predictions(0).preparation().summary(), HasSubstr("cut out 8 x 40 pixels"));
}

TEST_F(ServingTest, PredictRefusesBadInput) {
  v1::PredictResponse response;
  ExpectError(Predict(PredictRequest(0), &response), grpc::INVALID_ARGUMENT, "images: none given");
  v1::PredictRequest many = PredictRequest(1);
  for (int i = 1; i < 10000; ++i) *many.add_images() = many.images(0);
  ExpectError(Predict(many, &response), grpc::RESOURCE_EXHAUSTED,
              "10000 are too many; send at most 40");
  v1::PredictRequest unknown = PredictRequest(1);
  unknown.set_name("models/nobody");
  ExpectError(Predict(unknown, &response), grpc::NOT_FOUND, "nobody");
  unknown.set_name("nobody");
  ExpectError(Predict(unknown, &response), grpc::INVALID_ARGUMENT, "models/");
  v1::PredictRequest broken = PredictRequest(2);
  broken.mutable_images(1)->set_png("\x89PNG\r\n\x1a\nbroken");
  ExpectError(Predict(broken, &response), grpc::INVALID_ARGUMENT, "images[1]: broken PNG");
  v1::PredictRequest preparation = PredictRequest(1);
  preparation.set_preparation(static_cast<v1::Preparation>(77));
  ExpectError(Predict(preparation, &response), grpc::INVALID_ARGUMENT, "preparation: 77");
}

TEST_F(ServingTest, DamagedModelsAreDataLoss) {
  source_.Put("damaged", "1", bytes_.substr(0, bytes_.size() - 100));
  v1::PredictRequest request = PredictRequest(1);
  request.set_name("models/damaged");
  v1::PredictResponse response;
  ExpectError(Predict(request, &response), grpc::DATA_LOSS, "models/damaged");
}

TEST_F(ServingTest, ADeadlineThatHasPassedIsHonoured) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  inference::ModelInferResponse response;
  EXPECT_EQ(stub_->ModelInfer(&context, RawRequest(1), &response).error_code(),
            grpc::DEADLINE_EXCEEDED);
}

TEST_F(ServingTest, InferRefusesBadInput) {
  inference::ModelInferResponse response;
  inference::ModelInferRequest unknown = RawRequest(1);
  unknown.set_model_name("nobody");
  ExpectError(Infer(unknown, &response), grpc::NOT_FOUND, "nobody");
  unknown.set_model_name("../../etc/passwd");
  ExpectError(Infer(unknown, &response), grpc::INVALID_ARGUMENT, "RepositoryIndex lists");
  inference::ModelInferRequest version = RawRequest(1);
  version.set_model_version("4");
  ExpectError(Infer(version, &response), grpc::NOT_FOUND, "is served in version 5, not '4'");
  version.set_model_version("5");
  EXPECT_TRUE(Infer(version, &response).ok());
  inference::ModelInferRequest bytes = RawRequest(1);
  bytes.mutable_raw_input_contents(0)->pop_back();
  ExpectError(Infer(bytes, &response), grpc::INVALID_ARGUMENT, "has 783 bytes");
}

TEST_F(ServingTest, ProtocolDescribesServerAndModels) {
  using Stub = inference::GRPCInferenceService::StubInterface;
  inference::ServerLiveResponse live;
  ASSERT_TRUE(Call<Stub>(*stub_, &Stub::ServerLive, inference::ServerLiveRequest(), &live).ok());
  EXPECT_TRUE(live.live());
  inference::ServerReadyResponse ready;
  ASSERT_TRUE(Call<Stub>(*stub_, &Stub::ServerReady, inference::ServerReadyRequest(), &ready).ok());
  EXPECT_TRUE(ready.ready());
  inference::ServerMetadataResponse server;
  ASSERT_TRUE(
      Call<Stub>(*stub_, &Stub::ServerMetadata, inference::ServerMetadataRequest(), &server).ok());
  EXPECT_EQ(server.name(), "convoy");

  inference::ModelReadyRequest ask;
  inference::ModelReadyResponse model_ready;
  ask.set_name("lesson");
  ASSERT_TRUE(Call<Stub>(*stub_, &Stub::ModelReady, ask, &model_ready).ok());
  EXPECT_TRUE(model_ready.ready());
  ask.set_name("nobody");
  ASSERT_TRUE(Call<Stub>(*stub_, &Stub::ModelReady, ask, &model_ready).ok());
  EXPECT_FALSE(model_ready.ready());

  inference::ModelMetadataRequest metadata_request;
  metadata_request.set_name("lesson");
  inference::ModelMetadataResponse metadata;
  ASSERT_TRUE(Call<Stub>(*stub_, &Stub::ModelMetadata, metadata_request, &metadata).ok());
  EXPECT_THAT(metadata.inputs(0).shape(), ::testing::ElementsAre(-1, 28, 28, 1));
  EXPECT_THAT(metadata.outputs(0).shape(), ::testing::ElementsAre(-1, 10));
  EXPECT_EQ(metadata.properties().at("network"), "notebook");

  inference::ModelConfigRequest config_request;
  config_request.set_name("lesson");
  inference::ModelConfigResponse config;
  ASSERT_TRUE(Call<Stub>(*stub_, &Stub::ModelConfig, config_request, &config).ok());
  EXPECT_EQ(config.config().max_batch_size(), 40);
  EXPECT_THAT(config.config().input(0).dims(), ::testing::ElementsAre(28, 28, 1));

  inference::RepositoryIndexResponse index;
  ASSERT_TRUE(
      Call<Stub>(*stub_, &Stub::RepositoryIndex, inference::RepositoryIndexRequest(), &index).ok());
  ASSERT_EQ(index.models_size(), 1);
  EXPECT_EQ(index.models(0).name(), "lesson");
  EXPECT_EQ(index.models(0).state(), "READY");
}

TEST_F(ServingTest, StatisticsCountWhatWasAsked) {
  inference::ModelInferResponse response;
  for (const int images : {1, 3, 20}) ASSERT_TRUE(Infer(RawRequest(images), &response).ok());
  inference::ModelInferRequest bad = RawRequest(1);
  bad.clear_raw_input_contents();
  ASSERT_FALSE(Infer(bad, &response).ok());
  using Stub = inference::GRPCInferenceService::StubInterface;
  inference::ModelStatisticsResponse statistics;
  ASSERT_TRUE(
      Call<Stub>(*stub_, &Stub::ModelStatistics, inference::ModelStatisticsRequest(), &statistics)
          .ok());
  ASSERT_EQ(statistics.model_stats_size(), 1);
  const auto& model = statistics.model_stats(0);
  EXPECT_EQ(model.inference_count(), 24u);
  EXPECT_EQ(model.execution_count(), 4u);
  EXPECT_EQ(model.inference_stats().success().count(), 3u);
  EXPECT_EQ(model.inference_stats().fail().count(), 1u);
  EXPECT_GT(model.last_inference(), 0u);
}

TEST_F(ServingTest, EvaluationIsTheTrainersToTheBit) {
  const data::DataSource source = data::LoadData(directory_.path()).value();
  const auto model = evaluate::LoadedModel::Parse(bytes_, "model").value();
  const auto loss_of = [&](const data::DatasetView& images) {
    std::vector<evaluate::EvaluationSums> sums(
        static_cast<size_t>(evaluate::NumChunks(images.count)));
    nn::Executor executor(model->plan(), evaluate::kChunkImages);
    evaluate::EvaluateChunks(executor, model->weights(), images,
                             {0, evaluate::NumChunks(images.count)}, sums.data());
    return evaluate::AddChunks(sums).loss / static_cast<double>(images.count);
  };
  using Stub = v1::ModelService::StubInterface;
  v1::EvaluateModelRequest request;
  request.set_name(kModel);
  request.set_max_mistakes(3);
  // The recipe's 400 images, of which a quarter is held out.
  const data::DatasetView train = source.train.View();
  const std::pair<v1::Split, data::DatasetView> splits[] = {
      {v1::SPLIT_UNSPECIFIED, source.test.View()},
      {v1::TRAIN, train.Slice({0, 300})},
      {v1::VALIDATION, train.Slice({300, 400})}};
  for (const auto& [split, images] : splits) {
    request.set_split(split);
    v1::EvaluateModelResponse response;
    ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::EvaluateModel, request, &response).ok());
    EXPECT_EQ(response.image_count(), images.count);
    EXPECT_EQ(response.loss(), loss_of(images));
    EXPECT_EQ(response.data_kind(), "idx");
    EXPECT_EQ(response.data_sha256(), source.sha256);
    ASSERT_EQ(response.confusion_matrix_size(), kClasses);
    int64_t total = 0;
    for (const auto& row : response.confusion_matrix()) {
      for (const int64_t count : row.counts()) total += count;
    }
    EXPECT_EQ(total, images.count);
    ASSERT_EQ(response.mistakes_size(), 3);
    const auto& worst = response.mistakes(0);
    EXPECT_EQ(worst.image().pixels(), std::string(images.image(worst.image_index()),
                                                  images.image(worst.image_index()) + kImageBytes));
    EXPECT_NE(worst.label(), worst.predicted_label());
  }
}

TEST_F(ServingTest, EvaluationRefusesBadInput) {
  using Stub = v1::ModelService::StubInterface;
  v1::EvaluateModelResponse response;
  const auto expect = [&](const v1::EvaluateModelRequest& request, const std::string& message) {
    ExpectError(Call<Stub>(*model_stub_, &Stub::EvaluateModel, request, &response),
                grpc::INVALID_ARGUMENT, message);
  };
  v1::EvaluateModelRequest request;
  request.set_name(kModel);
  request.set_noise_level(-1);
  expect(request, "noise_level: noise level -1");
  request.set_noise_level(0);
  request.set_max_mistakes(1001);
  expect(request, "max_mistakes: must be 0 to 1000");
  request.set_max_mistakes(0);
  request.set_data_set("cifar");
  expect(request, "data_set: 'cifar'");
  request.set_data_set("");
  request.set_split(static_cast<v1::Split>(9));
  expect(request, "split: there is no split 9");
}

TEST_F(ServingTest, FiltersAreTheKernels) {
  using Stub = v1::ModelService::StubInterface;
  v1::GetFiltersRequest request;
  request.set_name(kModel);
  v1::GetFiltersResponse all;
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::GetFilters, request, &all).ok());
  ASSERT_EQ(all.layers_size(), 2);
  const v1::LayerFilters& second = all.layers(1);
  EXPECT_EQ(second.layer(), "conv2");
  EXPECT_EQ(second.filter_count(), 64);
  EXPECT_EQ(second.channels(), 32);
  // [height, width, channels, filters] in the file, [filters, height, width, channels] here.
  const std::vector<float> kernel = evaluate::UntrainedModelFile("notebook").tensors[2].data;
  EXPECT_EQ(second.values(((5 * 3 + 2) * 3 + 1) * 32 + 17),
            kernel[((2 * 3 + 1) * 32 + 17) * 64 + 5]);

  v1::GetFiltersResponse none;
  request.set_layer("conv9");
  ExpectError(Call<Stub>(*model_stub_, &Stub::GetFilters, request, &none), grpc::NOT_FOUND,
              "the convolutions are: conv1, conv2");
  request.set_layer("dense1");
  ExpectError(Call<Stub>(*model_stub_, &Stub::GetFilters, request, &none), grpc::INVALID_ARGUMENT,
              "'dense1' is no convolution");
}

TEST_F(ServingTest, FeatureMapsAreOfTheLayersAsked) {
  using Stub = v1::ModelService::StubInterface;
  v1::GetFeatureMapsRequest request;
  request.set_name(kModel);
  *request.mutable_image() = PredictRequest(1).images(0);
  request.set_preparation(v1::NONE);
  v1::GetFeatureMapsResponse all;
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::GetFeatureMaps, request, &all).ok());
  ASSERT_EQ(all.layers_size(), 4);
  EXPECT_EQ(all.layers(0).layer(), "conv1");
  EXPECT_EQ(all.layers(0).values_size(), 32 * 26 * 26);
  EXPECT_EQ(all.layers(3).layer(), "pool2");
  // pool1 takes the largest of each square of conv1, map by map.
  const auto conv = [&](int channel, int y, int x) {
    return all.layers(0).values((channel * 26 + y) * 26 + x);
  };
  EXPECT_EQ(all.layers(1).values((7 * 13 + 3) * 13 + 4),
            std::max({conv(7, 6, 8), conv(7, 6, 9), conv(7, 7, 8), conv(7, 7, 9)}));
  EXPECT_EQ(all.prediction().probabilities_size(), kClasses);

  request.add_layers("dense1");
  ExpectError(Call<Stub>(*model_stub_, &Stub::GetFeatureMaps, request, &all),
              grpc::INVALID_ARGUMENT, "'dense1' is a row of 128 values");
  request.set_layers(0, "conv7");
  ExpectError(Call<Stub>(*model_stub_, &Stub::GetFeatureMaps, request, &all), grpc::NOT_FOUND,
              "the layers are: conv1");
}

TEST_F(ServingTest, ModelsAreListedDescribedAndDownloaded) {
  using Stub = v1::ModelService::StubInterface;
  source_.Put("another", "1", bytes_);
  v1::ListModelsRequest list;
  list.set_page_size(1);
  v1::ListModelsResponse page;
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::ListModels, list, &page).ok());
  ASSERT_EQ(page.models_size(), 1);
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call<Stub>(*model_stub_, &Stub::ListModels, list, &page).ok());
  EXPECT_EQ(page.models(0).name(), kModel);
  EXPECT_TRUE(page.next_page_token().empty());
  list.set_page_size(-1);
  EXPECT_EQ(Call<Stub>(*model_stub_, &Stub::ListModels, list, &page).error_code(),
            grpc::INVALID_ARGUMENT);

  v1::GetModelRequest get;
  get.set_name("models/nobody");
  v1::TrainedModel model;
  EXPECT_EQ(Call<Stub>(*model_stub_, &Stub::GetModel, get, &model).error_code(), grpc::NOT_FOUND);

  v1::DownloadModelRequest download;
  download.set_name(kModel);
  grpc::ClientContext context;
  const auto reader = model_stub_->DownloadModel(&context, download);
  v1::DownloadModelResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_EQ(message.model().sha256(), Sha256Hex(bytes_));
  std::string received;
  while (reader->Read(&message)) received += message.chunk();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(received, bytes_);
}

// Returns the file's bytes, after checking what was announced of them.
std::string Exported(v1::ModelService::StubInterface& stub, v1::ExportFormat format,
                     std::string* name) {
  v1::ExportModelRequest request;
  request.set_name(kModel);
  request.set_format(format);
  grpc::ClientContext context;
  const auto reader = stub.ExportModel(&context, request);
  v1::ExportModelResponse message;
  EXPECT_TRUE(reader->Read(&message));
  const v1::ExportedFile file = message.file();
  std::string bytes;
  while (reader->Read(&message)) bytes += message.chunk();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(file.sha256(), Sha256Hex(bytes));
  EXPECT_EQ(file.size_bytes(), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(file.model().name(), kModel);
  *name = file.name();
  return bytes;
}

TEST_F(ServingTest, ModelsAreExportedForOtherPrograms) {
  constexpr struct {
    v1::ExportFormat format;
    const char* name;
    const char* magic;
  } kFiles[] = {{v1::KERAS_H5, "lesson.h5", "\x89HDF"},
                {v1::KERAS_ARCHIVE, "lesson.keras", "PK\x03\x04"},
                {v1::TFJS, "lesson-tfjs.zip", "PK\x03\x04"},
                {v1::ONNX, "lesson.onnx", "\x08"}};
  for (const auto& file : kFiles) {
    std::string name;
    const std::string bytes = Exported(*model_stub_, file.format, &name);
    EXPECT_EQ(name, file.name);
    EXPECT_THAT(bytes, ::testing::StartsWith(file.magic));
    EXPECT_GT(bytes.size(), 100'000U);
    EXPECT_EQ(Exported(*model_stub_, file.format, &name), bytes);
  }
}

TEST_F(ServingTest, ExportRefusesBadInput) {
  const auto refused = [this](const std::string& name, int format) {
    v1::ExportModelRequest request;
    request.set_name(name);
    request.set_format(static_cast<v1::ExportFormat>(format));
    grpc::ClientContext context;
    v1::ExportModelResponse message;
    const auto reader = model_stub_->ExportModel(&context, request);
    EXPECT_FALSE(reader->Read(&message));
    return reader->Finish();
  };
  ExpectError(refused(kModel, 0), grpc::INVALID_ARGUMENT, "format: choose");
  ExpectError(refused(kModel, 99), grpc::INVALID_ARGUMENT, "format: choose");
  ExpectError(refused("models/nobody", v1::ONNX), grpc::NOT_FOUND, "nobody");
  ExpectError(refused("../x", v1::ONNX), grpc::INVALID_ARGUMENT, "models/");
  source_.Put("rubbish", "1", "rubbish");
  ExpectError(refused("models/rubbish", v1::ONNX), grpc::DATA_LOSS, "rubbish");
}

}  // namespace
}  // namespace convoy::coordinator
