// convoy.v1.ModelService (proto/convoy/v1/model_service.proto says what it does).
#pragma once

#include <semaphore>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/api/image_input.h"
#include "convoy/v1/model_service.grpc.pb.h"
#include "coordinator/service/serving.h"

namespace convoy::coordinator {

// Thread-safe.
class ModelService final : public v1::ModelService::Service {
 public:
  // `serving` must outlive the service. As many pictures are decoded at a time as the batcher has
  // threads, and one evaluation is made; other calls wait, as long as their deadlines allow.
  explicit ModelService(Serving& serving)
      : serving_(serving), preparing_(serving.batcher.options().threads) {}

  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::TrainedModel* response) override;
  grpc::Status EvaluateModel(grpc::ServerContext* context, const v1::EvaluateModelRequest* request,
                             v1::EvaluateModelResponse* response) override;
  grpc::Status Predict(grpc::ServerContext* context, const v1::PredictRequest* request,
                       v1::PredictResponse* response) override;
  grpc::Status GetFilters(grpc::ServerContext* context, const v1::GetFiltersRequest* request,
                          v1::GetFiltersResponse* response) override;
  grpc::Status GetFeatureMaps(grpc::ServerContext* context,
                              const v1::GetFeatureMapsRequest* request,
                              v1::GetFeatureMapsResponse* response) override;
  grpc::Status DownloadModel(grpc::ServerContext* context, const v1::DownloadModelRequest* request,
                             grpc::ServerWriter<v1::DownloadModelResponse>* writer) override;

 private:
  using ModelPointer = std::shared_ptr<const ServedModel>;

  absl::StatusOr<ModelPointer> Find(const std::string& name);
  absl::StatusOr<v1::EvaluateModelResponse> Evaluate(const grpc::ServerContext& context,
                                                     const v1::EvaluateModelRequest& request);
  absl::StatusOr<v1::PredictResponse> PredictImages(const grpc::ServerContext& context,
                                                    const v1::PredictRequest& request);
  absl::StatusOr<std::vector<v1::Prediction>> Answer(const grpc::ServerContext& context,
                                                     const ModelPointer& served,
                                                     const std::vector<api::NetworkImage>& images);
  absl::StatusOr<v1::GetFeatureMapsResponse> FeatureMapsOf(
      const grpc::ServerContext& context, const v1::GetFeatureMapsRequest& request);
  absl::StatusOr<api::NetworkImage> Prepare(const grpc::ServerContext& context,
                                            const v1::Image& image, v1::Preparation preparation,
                                            const ModelPointer& served, const std::string& field);
  absl::Status Send(const std::string& name, grpc::ServerWriter<v1::DownloadModelResponse>* writer);

  Serving& serving_;
  std::counting_semaphore<> preparing_;  // pictures that may be decoded now
  std::counting_semaphore<> evaluating_{1};
};

}  // namespace convoy::coordinator
