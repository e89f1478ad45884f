// convoy.worker.v1.WorkerService (proto/convoy/worker/v1/worker_service.proto says what it does).
#pragma once

#include "convoy/worker/v1/worker_service.grpc.pb.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/service/token_authenticator.h"

namespace convoy::coordinator {

// Thread-safe.
class WorkerService final : public worker::v1::WorkerService::Service {
 public:
  // Both must outlive the service. Larger models than `max_model_bytes` are refused.
  WorkerService(JobRegistry& registry, const TokenAuthenticator& authenticator,
                int64_t max_model_bytes)
      : registry_(registry), authenticator_(authenticator), max_model_bytes_(max_model_bytes) {}

  grpc::Status RegisterJob(grpc::ServerContext* context,
                           const worker::v1::RegisterJobRequest* request,
                           worker::v1::RegisterJobResponse* response) override;
  grpc::Status ReportProgress(grpc::ServerContext* context,
                              const worker::v1::ReportProgressRequest* request,
                              worker::v1::ReportProgressResponse* response) override;
  grpc::Status Heartbeat(grpc::ServerContext* context, const worker::v1::HeartbeatRequest* request,
                         worker::v1::HeartbeatResponse* response) override;
  grpc::Status PublishModel(grpc::ServerContext* context,
                            grpc::ServerReader<worker::v1::PublishModelRequest>* reader,
                            worker::v1::PublishModelResponse* response) override;

 private:
  absl::StatusOr<std::string> ReadChunks(
      const worker::v1::ModelHeader& header,
      grpc::ServerReader<worker::v1::PublishModelRequest>* reader);

  JobRegistry& registry_;
  const TokenAuthenticator& authenticator_;
  const int64_t max_model_bytes_;
};

}  // namespace convoy::coordinator
