// convoy.v1.ModelService (proto/convoy/v1/model_service.proto says what it does).
#pragma once

#include <semaphore>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/api/image_input.h"
#include "common/api/model_evaluation.h"
#include "convoy/v1/model_service.grpc.pb.h"
#include "coordinator/service/call_gate.h"
#include "coordinator/service/serving.h"

namespace convoy::coordinator {

// Thread-safe.
class ModelService final : public v1::ModelService::Service {
 public:
  // Both must outlive the service. As many pictures are decoded at a time as the batcher has
  // threads, and one evaluation is made; other calls wait, until they are over. Evaluations are
  // kept (ServingOptions::max_evaluation_bytes).
  ModelService(Serving& serving, CallGate& gate)
      : serving_(serving), gate_(gate), preparing_(serving.batcher.options().threads) {}

  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::TrainedModel* response) override;
  grpc::Status ListModelVersions(grpc::ServerContext* context,
                                 const v1::ListModelVersionsRequest* request,
                                 v1::ListModelVersionsResponse* response) override;
  grpc::Status EvaluateModel(grpc::ServerContext* context, const v1::EvaluateModelRequest* request,
                             v1::EvaluateModelResponse* response) override;
  grpc::Status ListImages(grpc::ServerContext* context, const v1::ListImagesRequest* request,
                          v1::ListImagesResponse* response) override;
  grpc::Status Predict(grpc::ServerContext* context, const v1::PredictRequest* request,
                       v1::PredictResponse* response) override;
  grpc::Status GetFilters(grpc::ServerContext* context, const v1::GetFiltersRequest* request,
                          v1::GetFiltersResponse* response) override;
  grpc::Status GetFeatureMaps(grpc::ServerContext* context,
                              const v1::GetFeatureMapsRequest* request,
                              v1::GetFeatureMapsResponse* response) override;
  grpc::Status DownloadModel(grpc::ServerContext* context, const v1::DownloadModelRequest* request,
                             grpc::ServerWriter<v1::DownloadModelResponse>* writer) override;
  grpc::Status ExportModel(grpc::ServerContext* context, const v1::ExportModelRequest* request,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override;

 private:
  using ModelPointer = std::shared_ptr<const ServedModel>;

  absl::StatusOr<ModelPointer> Find(const std::string& name);
  absl::StatusOr<v1::EvaluateModelResponse> Evaluate(const CallGate::Pass& pass,
                                                     const v1::EvaluateModelRequest& request);
  absl::StatusOr<v1::ListImagesResponse> ImagesOf(const CallGate::Pass& pass,
                                                  const v1::ListImagesRequest& request);
  // Returns what computes the evaluation `key` of a model, or finds it where it was made before.
  api::Evaluator EvaluatorOf(const CallGate::Pass& pass, const ServedModel& served,
                             EvaluationKey key);
  // Returns the images for evaluations of a model.
  absl::StatusOr<std::shared_ptr<const data::DataSource>> DataFor(const ServedModel& served,
                                                                  const std::string& data_set);
  absl::StatusOr<v1::PredictResponse> PredictImages(const CallGate::Pass& pass,
                                                    const v1::PredictRequest& request);
  absl::StatusOr<std::vector<v1::Prediction>> Answer(const CallGate::Pass& pass,
                                                     const ModelPointer& served,
                                                     const std::vector<api::NetworkImage>& images);
  absl::StatusOr<v1::GetFeatureMapsResponse> FeatureMapsOf(
      const CallGate::Pass& pass, const v1::GetFeatureMapsRequest& request);
  absl::StatusOr<api::NetworkImage> Prepare(const CallGate::Pass& pass, const v1::Image& image,
                                            v1::Preparation preparation, const ModelPointer& served,
                                            const std::string& field, int64_t max_pixels);
  absl::StatusOr<std::vector<api::NetworkImage>> PrepareAll(const CallGate::Pass& pass,
                                                            const v1::PredictRequest& request,
                                                            const ModelPointer& served);
  absl::Status Send(const CallGate::Pass& pass, const std::string& name,
                    grpc::ServerWriter<v1::DownloadModelResponse>* writer);
  absl::Status Export(const CallGate::Pass& pass, const v1::ExportModelRequest& request,
                      grpc::ServerWriter<v1::ExportModelResponse>* writer);

  Serving& serving_;
  CallGate& gate_;
  std::counting_semaphore<> preparing_;  // pictures that may be decoded now
  std::counting_semaphore<> evaluating_{1};
  std::counting_semaphore<> exporting_{1};
};

}  // namespace convoy::coordinator
