// convoy.worker.v1.WorkerService (proto/convoy/worker/v1/worker_service.proto says what it does).
#pragma once

#include <atomic>

#include "convoy/worker/v1/worker_service.grpc.pb.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/service/task_pool.h"
#include "coordinator/service/token_authenticator.h"

namespace convoy::coordinator {

// Thread-safe. Trainers are answered on threads of their own: however many people's calls wait, and
// gRPC's threads with them, a heartbeat is heard. It does not wait for reports either, which wait
// for the disk.
class WorkerService final : public worker::v1::WorkerService::CallbackService {
 public:
  // Both must outlive the service. Larger models than `max_model_bytes` are refused, and those that
  // would take more memory together with what is being received.
  WorkerService(JobRegistry& registry, const TokenAuthenticator& authenticator,
                int64_t max_model_bytes);

  grpc::ServerUnaryReactor* RegisterJob(grpc::CallbackServerContext* context,
                                        const worker::v1::RegisterJobRequest* request,
                                        worker::v1::RegisterJobResponse* response) override;
  grpc::ServerUnaryReactor* ReportProgress(grpc::CallbackServerContext* context,
                                           const worker::v1::ReportProgressRequest* request,
                                           worker::v1::ReportProgressResponse* response) override;
  grpc::ServerUnaryReactor* Heartbeat(grpc::CallbackServerContext* context,
                                      const worker::v1::HeartbeatRequest* request,
                                      worker::v1::HeartbeatResponse* response) override;
  grpc::ServerReadReactor<worker::v1::PublishModelRequest>* PublishModel(
      grpc::CallbackServerContext* context, worker::v1::PublishModelResponse* response) override;

 private:
  class Publication;

  // Has `call` answer on a thread of `pool`, if the caller has the token.
  template <typename Response, typename Call>
  grpc::ServerUnaryReactor* AnswerOn(TaskPool& pool, grpc::CallbackServerContext& context,
                                     Response* response, Call call);
  // Takes memory for a model; returns whether there is so much left.
  bool Reserve(int64_t bytes);

  JobRegistry& registry_;
  const TokenAuthenticator& authenticator_;
  const int64_t max_model_bytes_;
  std::atomic<int64_t> received_bytes_{0};  // of models that are being received
  TaskPool heartbeats_;
  TaskPool reports_;  // last: tasks use the above
};

}  // namespace convoy::coordinator
