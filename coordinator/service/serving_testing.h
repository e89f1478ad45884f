// A server of ModelService and the Open Inference Protocol on models of a fake source, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/sha256.h"
#include "common/data/idx_testing.h"
#include "common/data/load_data.h"
#include "common/evaluate/evaluate_testing.h"
#include "common/evaluate/evaluation.h"
#include "convoy/v1/model_service.grpc.pb.h"
#include "coordinator/batching/model_source_testing.h"
#include "coordinator/server/server.h"
#include "coordinator/service/call_gate.h"
#include "coordinator/service/inference_service.h"
#include "coordinator/service/model_service.h"
#include "inference/grpc_service.grpc.pb.h"

namespace convoy::coordinator {

inline constexpr char kModel[] = "models/lesson";
inline constexpr int kImageBytes = 784;
inline constexpr int kClasses = 10;

class ServingTest : public ::testing::Test {
 protected:
  ServingTest()
      : serving_(source_, Options(directory_.path())),
        models_(serving_, gate_),
        inference_(serving_, gate_, [] { return true; }) {
    formats::ModelFile file = evaluate::UntrainedModelFile("notebook");
    file.recipe_textproto = "validation_split: 0.25 train_limit: 400";
    bytes_ = formats::EncodeModel(file).value();
    source_.Put("lesson", "5", bytes_);
    server_ = Server::Start({.listen = "127.0.0.1:0"}, {&models_, &inference_}).value();
    const auto channel = server_->InProcessChannel();
    model_stub_ = v1::ModelService::NewStub(channel);
    stub_ = inference::GRPCInferenceService::NewStub(channel);
  }

  static ServingOptions Options(const std::string& directory) {
    data::WriteTestDataSet(directory, {.train = 500, .test = 100, .height = 28, .width = 28});
    ServingOptions options;
    options.batcher.threads = 2;
    options.max_images = 40;
    options.cache.max_age = absl::InfiniteDuration();
    options.data = directory;
    return options;
  }

  // Calls a method of either service.
  template <typename Stub, typename Request, typename Response>
  static grpc::Status Call(Stub& stub,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                           const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub.*method)(&context, request, response);
  }

  static void ExpectError(const grpc::Status& status, grpc::StatusCode code,
                          const std::string& message) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), ::testing::HasSubstr(message));
  }

  v1::PredictRequest PredictRequest(int images) const {
    v1::PredictRequest request;
    request.set_name(kModel);
    request.set_preparation(v1::NONE);
    for (int i = 0; i < images; ++i) {
      v1::RawImage* raw = request.add_images()->mutable_raw();
      raw->set_height(28);
      raw->set_width(28);
      raw->set_pixels(data_.View().image(i), kImageBytes);
    }
    return request;
  }

  grpc::Status Predict(const v1::PredictRequest& request, v1::PredictResponse* response) {
    return Call<v1::ModelService::StubInterface>(
        *model_stub_, &v1::ModelService::StubInterface::Predict, request, response);
  }

  grpc::Status Infer(const inference::ModelInferRequest& request,
                     inference::ModelInferResponse* response) {
    return Call<inference::GRPCInferenceService::StubInterface>(
        *stub_, &inference::GRPCInferenceService::StubInterface::ModelInfer, request, response);
  }

  inference::ModelInferRequest RawRequest(int images) const {
    inference::ModelInferRequest request;
    request.set_model_name("lesson");
    request.set_id("request 7");
    auto* input = request.add_inputs();
    input->set_name("input");
    input->set_datatype("UINT8");
    for (const int size : {images, 28, 28, 1}) input->add_shape(size);
    request.add_raw_input_contents(data_.pixels.data(), static_cast<size_t>(images) * kImageBytes);
    return request;
  }

  // What the network says of the first images, computed here.
  std::vector<float> Expected(int images) const {
    std::vector<const uint8_t*> pixels;
    for (int i = 0; i < images; ++i) pixels.push_back(data_.View().image(i));
    std::vector<float> probabilities(static_cast<size_t>(images * kClasses));
    evaluate::Predictor(evaluate::LoadedModel::Parse(bytes_, "model").value())
        .Predict(pixels.data(), images, probabilities.data());
    return probabilities;
  }

  data::TestDirectory directory_;
  data::Dataset data_ = evaluate::NoiseDataset(40);
  std::string bytes_;
  FakeModelSource source_;
  Serving serving_;
  const TokenAuthenticator authenticator_{"secret"};
  CallGate gate_{authenticator_, {.evaluations = 1}};
  ModelService models_;
  InferenceService inference_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::ModelService::Stub> model_stub_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
};

}  // namespace convoy::coordinator
