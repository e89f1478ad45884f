#include "coordinator/service/job_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/api/job_progress.h"
#include "common/base/status.h"
#include "common/rpc/grpc_status.h"

namespace convoy::coordinator {
namespace {

// Between two states of a watched job.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(100);
// How soon a watch whose caller went away ends.
constexpr absl::Duration kWatchPatience = absl::Milliseconds(500);

// Calls `call` with the {job} of `name`.
template <typename Call>
auto WithJob(const std::string& name, Call call) -> decltype(call(std::string())) {
  const absl::StatusOr<std::string> id = ParseName("jobs", name);
  if (!id.ok()) return id.status();
  return call(*id);
}

}  // namespace

grpc::Status JobService::ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                                  v1::ListJobsResponse* response) {
  return rpc::Respond(registry_.List(*request), response);
}

grpc::Status JobService::GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                                v1::Job* response) {
  return rpc::Respond(
      WithJob(request->name(), [&](const std::string& id) { return registry_.Get(id); }), response);
}

grpc::Status JobService::WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                                  grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  const bool too_many = watches_.fetch_add(1) >= max_watches_;
  const absl::Status ended = too_many ? absl::ResourceExhaustedError(absl::StrCat(
                                            "this coordinator serves ", max_watches_,
                                            " watches at a time (`max_watches`); try again later"))
                                      : Watch(*context, request->name(), writer);
  watches_.fetch_sub(1);
  return rpc::ToGrpc(ended);
}

// A state is only asked for when the one before was taken by the reader, so a slow one holds a
// thread and one message, nothing more.
absl::Status JobService::Watch(const grpc::ServerContext& context, const std::string& name,
                               grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, ParseName("jobs", name));
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<JobRegistry::Watch> watch,
                          registry_.StartWatch(id));
  for (uint64_t sent = 0; !context.IsCancelled();) {
    CONVOY_ASSIGN_OR_RETURN(NumberedJob state, watch->Await(sent, kWatchPatience));
    if (state.version == sent) continue;
    sent = state.version;
    v1::WatchJobResponse response;
    *response.mutable_job() = std::move(state.job);
    if (!writer->Write(response)) break;
    if (api::IsTerminal(response.job().state())) return absl::OkStatus();
    absl::SleepFor(kWatchInterval);
  }
  return absl::CancelledError("the caller went away");
}

grpc::Status JobService::ListMetrics(grpc::ServerContext* context,
                                     const v1::ListMetricsRequest* request,
                                     v1::ListMetricsResponse* response) {
  const absl::StatusOr<std::string> id = ParseName("jobs", request->parent(), "parent");
  if (!id.ok()) return rpc::ToGrpc(id.status());
  return rpc::Respond(registry_.ListMetrics(*id, *request), response);
}

grpc::Status JobService::CancelJob(grpc::ServerContext* context,
                                   const v1::CancelJobRequest* request, v1::Job* response) {
  if (const absl::Status admitted = authenticator_.Authenticate(*context); !admitted.ok())
    return rpc::ToGrpc(admitted);
  return rpc::Respond(
      WithJob(request->name(), [&](const std::string& id) { return registry_.Cancel(id); }),
      response);
}

grpc::Status JobService::DeleteJob(grpc::ServerContext* context,
                                   const v1::DeleteJobRequest* request,
                                   google::protobuf::Empty* response) {
  if (const absl::Status admitted = authenticator_.Authenticate(*context); !admitted.ok())
    return rpc::ToGrpc(admitted);
  const absl::Status deleted =
      WithJob(request->name(), [&](const std::string& id) { return registry_.Delete(id); });
  const bool forgiven = request->allow_missing() && absl::IsNotFound(deleted);
  return forgiven ? grpc::Status::OK : rpc::ToGrpc(deleted);
}

}  // namespace convoy::coordinator
