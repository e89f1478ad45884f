// convoy.v1.JobService (proto/convoy/v1/job_service.proto says what it does).
#pragma once

#include "convoy/v1/job_service.grpc.pb.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/service/call_gate.h"

namespace convoy::coordinator {

// Thread-safe.
class JobService final : public v1::JobService::Service {
 public:
  // Both must outlive the service. Each WatchJob keeps a thread.
  JobService(JobRegistry& registry, CallGate& gate) : registry_(registry), gate_(gate) {}

  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override;
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::WatchJobResponse>* writer) override;
  grpc::Status ListMetrics(grpc::ServerContext* context, const v1::ListMetricsRequest* request,
                           v1::ListMetricsResponse* response) override;
  grpc::Status CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                         v1::Job* response) override;
  grpc::Status UpdateJob(grpc::ServerContext* context, const v1::UpdateJobRequest* request,
                         v1::Job* response) override;
  grpc::Status DeleteJob(grpc::ServerContext* context, const v1::DeleteJobRequest* request,
                         google::protobuf::Empty* response) override;

 private:
  absl::Status Watch(const CallGate::Pass& pass, const std::string& name,
                     grpc::ServerWriter<v1::WatchJobResponse>* writer);

  JobRegistry& registry_;
  CallGate& gate_;
};

}  // namespace convoy::coordinator
