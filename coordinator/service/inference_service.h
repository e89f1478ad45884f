// inference.GRPCInferenceService: the Open Inference Protocol, version 2
// (proto/inference/grpc_service.proto).
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/serial_executor.h"
#include "coordinator/service/call_gate.h"
#include "coordinator/service/serving.h"
#include "inference/grpc_service.grpc.pb.h"

namespace convoy::coordinator {

// Thread-safe. ModelInfer is a callback method: no thread waits for its images. On gRPC's callback
// threads only the processor works, for one batch at most (BatcherOptions::callers_compute); what
// may have to wait for the disk, a model that is not loaded or may be out of date, is looked up on
// a thread of the service. The other methods run on gRPC's pool for synchronous calls.
class InferenceService final
    : public inference::GRPCInferenceService::WithCallbackMethod_ModelInfer<
          inference::GRPCInferenceService::Service> {
 public:
  // All must outlive the service. `is_ready` says what ServerReady answers.
  InferenceService(Serving& serving, CallGate& gate, std::function<bool()> is_ready)
      : serving_(serving), gate_(gate), is_ready_(std::move(is_ready)) {}

  grpc::Status ServerLive(grpc::ServerContext* context, const inference::ServerLiveRequest* request,
                          inference::ServerLiveResponse* response) override;
  grpc::Status ServerReady(grpc::ServerContext* context,
                           const inference::ServerReadyRequest* request,
                           inference::ServerReadyResponse* response) override;
  grpc::Status ModelReady(grpc::ServerContext* context, const inference::ModelReadyRequest* request,
                          inference::ModelReadyResponse* response) override;
  grpc::Status ServerMetadata(grpc::ServerContext* context,
                              const inference::ServerMetadataRequest* request,
                              inference::ServerMetadataResponse* response) override;
  grpc::Status ModelMetadata(grpc::ServerContext* context,
                             const inference::ModelMetadataRequest* request,
                             inference::ModelMetadataResponse* response) override;
  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context,
                                       const inference::ModelInferRequest* request,
                                       inference::ModelInferResponse* response) override;
  grpc::Status ModelConfig(grpc::ServerContext* context,
                           const inference::ModelConfigRequest* request,
                           inference::ModelConfigResponse* response) override;
  grpc::Status ModelStatistics(grpc::ServerContext* context,
                               const inference::ModelStatisticsRequest* request,
                               inference::ModelStatisticsResponse* response) override;
  grpc::Status RepositoryIndex(grpc::ServerContext* context,
                               const inference::RepositoryIndexRequest* request,
                               inference::RepositoryIndexResponse* response) override;

 private:
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(const std::string& name,
                                                          const std::string& version);

  Serving& serving_;
  CallGate& gate_;
  const std::function<bool()> is_ready_;
  SerialExecutor loader_;  // last: its tasks use the above
};

}  // namespace convoy::coordinator
