#include "coordinator/service/job_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/api/job_progress.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "common/rpc/grpc_status.h"
#include "common/system/moment.h"

namespace convoy::coordinator {
namespace {

// Between two states that a watcher is sent, and that all of them are: a training on the same
// machine must not feel how many watch it.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(100);
constexpr absl::Duration kWatchIntervalOfAll = absl::Milliseconds(10);
// How soon a watch whose caller went away ends.
constexpr absl::Duration kWatchPatience = absl::Milliseconds(500);

// Sleeps until the next of the moments that are `interval` apart. All watchers have the same ones:
// a training is interrupted once by all, and not by each at its own time.
void SleepToTick(absl::Duration interval) {
  absl::SleepFor(interval - Moment::SteadyNow() % interval);
}

// Calls `call` with the {job} of `name`.
template <typename Call>
auto WithJob(const std::string& name, Call call) -> decltype(call(std::string())) {
  const absl::StatusOr<std::string> id = api::ParseJobName(name);
  if (!id.ok()) return id.status();
  return call(*id);
}

}  // namespace

grpc::Status JobService::ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                                  v1::ListJobsResponse* response) {
  return AnswerCall(gate_, *context, "convoy.v1.JobService/ListJobs", response,
                    [&](const auto&) { return registry_.List(*request); });
}

grpc::Status JobService::GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                                v1::Job* response) {
  return AnswerCall(gate_, *context, "convoy.v1.JobService/GetJob", response, [&](const auto&) {
    return WithJob(request->name(), [&](const std::string& id) { return registry_.Get(id); });
  });
}

grpc::Status JobService::WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                                  grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  const absl::StatusOr<CallGate::Pass> pass =
      gate_.Enter(*context, "convoy.v1.JobService/WatchJob");
  return rpc::ToGrpc(pass.ok() ? Watch(*pass, request->name(), writer) : pass.status());
}

// A state is only asked for when the one before was taken by the reader, so a slow one holds a
// thread and one message, nothing more.
absl::Status JobService::Watch(const CallGate::Pass& pass, const std::string& name,
                               grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseJobName(name));
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<JobRegistry::Watch> watch,
                          registry_.StartWatch(id));
  for (uint64_t sent = 0; !pass.IsOver();) {
    CONVOY_ASSIGN_OR_RETURN(NumberedJob state, watch->Await(sent, kWatchPatience));
    pass.NoteTaken();
    if (state.version == sent) continue;
    sent = state.version;
    v1::WatchJobResponse response;
    *response.mutable_job() = std::move(state.job);
    if (!writer->Write(response)) break;
    if (api::IsTerminal(response.job().state())) return absl::OkStatus();
    SleepToTick(std::max(kWatchInterval, pass.NumAlike() * kWatchIntervalOfAll));
  }
  return absl::CancelledError("the caller went away");
}

grpc::Status JobService::ListMetrics(grpc::ServerContext* context,
                                     const v1::ListMetricsRequest* request,
                                     v1::ListMetricsResponse* response) {
  const auto list = [&](const auto&) -> absl::StatusOr<v1::ListMetricsResponse> {
    CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseJobName(request->parent(), "parent"));
    return registry_.ListMetrics(id, *request);
  };
  return AnswerCall(gate_, *context, "convoy.v1.JobService/ListMetrics", response, list);
}

grpc::Status JobService::CancelJob(grpc::ServerContext* context,
                                   const v1::CancelJobRequest* request, v1::Job* response) {
  return AnswerCall(gate_, *context, "convoy.v1.JobService/CancelJob", response, [&](const auto&) {
    return WithJob(request->name(), [&](const std::string& id) { return registry_.Cancel(id); });
  });
}

grpc::Status JobService::UpdateJob(grpc::ServerContext* context,
                                   const v1::UpdateJobRequest* request, v1::Job* response) {
  const auto update = [&](const auto&) -> absl::StatusOr<v1::Job> {
    CONVOY_ASSIGN_OR_RETURN(const std::string id,
                            api::ParseJobName(request->job().name(), "job.name"));
    return registry_.Update(id, *request);
  };
  return AnswerCall(gate_, *context, "convoy.v1.JobService/UpdateJob", response, update);
}

grpc::Status JobService::DeleteJob(grpc::ServerContext* context,
                                   const v1::DeleteJobRequest* request,
                                   google::protobuf::Empty* response) {
  const auto remove = [&](const auto&) -> absl::StatusOr<google::protobuf::Empty> {
    const absl::Status deleted =
        WithJob(request->name(), [&](const std::string& id) { return registry_.Delete(id); });
    if (!deleted.ok() && !(request->allow_missing() && absl::IsNotFound(deleted))) return deleted;
    return google::protobuf::Empty();
  };
  return AnswerCall(gate_, *context, "convoy.v1.JobService/DeleteJob", response, remove);
}

}  // namespace convoy::coordinator
