// The calls of convoy.v1 as plain methods: unary ones by one template, lists page by page until all
// is there, streams read to their end. Every call has a deadline, by how much work it asks for.
#include "client/remote/coordinator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/remote/connection.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/textproto/strings.h"
#include "convoy/v1/job_service.grpc.pb.h"
#include "convoy/v1/model_service.grpc.pb.h"

namespace convoy::client {
namespace {

using std::chrono::seconds;

constexpr seconds kShort{10};  // looks something up
constexpr seconds kWork{120};  // computes on a few images, or sends a file
constexpr seconds kLong{600};  // goes through a whole data set, perhaps on a slow machine
constexpr int32_t kLargestPage = 1000;
constexpr int32_t kLargestMetricsPage = 10000;
constexpr int64_t kMaxModelBytes = int64_t{4} << 30;

}  // namespace

struct Coordinator::Stubs {
  explicit Stubs(Connection c)
      : connection(std::move(c)),
        jobs(v1::JobService::NewStub(connection.channel())),
        models(v1::ModelService::NewStub(connection.channel())) {}

  // Calls a method of `stub` that takes and returns one message.
  template <typename Response, typename Stub, typename Request>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, seconds limit) const {
    CONVOY_RETURN_IF_ERROR(CheckStrings(request));
    grpc::ClientContext call;
    connection.Prepare(&call, limit);
    Response response;
    CONVOY_RETURN_IF_ERROR(connection.ToStatus((stub.*method)(&call, request, &response), limit));
    return response;
  }

  Connection connection;
  std::unique_ptr<v1::JobService::Stub> jobs;
  std::unique_ptr<v1::ModelService::Stub> models;
};

Coordinator::Coordinator(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
Coordinator::~Coordinator() = default;

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Open(const rpc::ClientOptions& options,
                                                               bool verbose) {
  CONVOY_ASSIGN_OR_RETURN(rpc::ClientChannel channel, rpc::ClientChannel::Create(options));
  return std::unique_ptr<Coordinator>(
      new Coordinator(std::make_unique<Stubs>(Connection(std::move(channel), verbose))));
}

const std::string& Coordinator::address() const { return stubs_->connection.address(); }

absl::StatusOr<std::vector<v1::Job>> Coordinator::ListJobs(size_t most) {
  std::vector<v1::Job> jobs;
  v1::ListJobsRequest request;
  do {
    const size_t wanted = std::min<size_t>(most - jobs.size(), kLargestPage);
    request.set_page_size(static_cast<int32_t>(wanted));
    CONVOY_ASSIGN_OR_RETURN(
        const v1::ListJobsResponse page,
        stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::ListJobs, request, kShort));
    jobs.insert(jobs.end(), page.jobs().begin(), page.jobs().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && jobs.size() < most);
  return jobs;
}

absl::StatusOr<v1::Job> Coordinator::GetJob(const std::string& name) {
  v1::GetJobRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::GetJob, request, kShort);
}

absl::Status Coordinator::WatchJob(const std::string& name, seconds limit,
                                   const std::function<bool(const v1::Job&)>& on_change) {
  v1::WatchJobRequest request;
  request.set_name(name);
  CONVOY_RETURN_IF_ERROR(CheckStrings(request));
  grpc::ClientContext call;
  stubs_->connection.Prepare(&call, limit);
  const auto reader = stubs_->jobs->WatchJob(&call, request);
  v1::WatchJobResponse response;
  while (reader->Read(&response)) {
    if (on_change(response.job())) continue;
    call.TryCancel();
    reader->Finish();  // CANCELLED, by us
    return absl::OkStatus();
  }
  return stubs_->connection.ToStatus(reader->Finish(), limit);
}

absl::StatusOr<std::vector<v1::MetricSample>> Coordinator::ListMetrics(
    const std::string& job, v1::MetricSample::Scope scope) {
  std::vector<v1::MetricSample> samples;
  v1::ListMetricsRequest request;
  request.set_parent(job);
  request.set_scope(scope);
  request.set_page_size(kLargestMetricsPage);
  do {
    CONVOY_ASSIGN_OR_RETURN(
        const v1::ListMetricsResponse page,
        stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::ListMetrics, request, kShort));
    samples.insert(samples.end(), page.samples().begin(), page.samples().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return samples;
}

absl::StatusOr<v1::Job> Coordinator::CancelJob(const std::string& name) {
  v1::CancelJobRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::CancelJob, request, kShort);
}

absl::StatusOr<v1::Job> Coordinator::UpdateJob(const v1::Job& job,
                                               const std::vector<std::string>& fields) {
  v1::UpdateJobRequest request;
  request.mutable_job()->set_name(job.name());
  *request.mutable_job()->mutable_labels() = job.labels();
  for (const std::string& field : fields) request.mutable_update_mask()->add_paths(field);
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::UpdateJob, request, kShort);
}

absl::Status Coordinator::DeleteJob(const std::string& name) {
  v1::DeleteJobRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::DeleteJob, request, kShort).status();
}

absl::StatusOr<std::vector<v1::TrainedModel>> Coordinator::ListModels(size_t most) {
  std::vector<v1::TrainedModel> models;
  v1::ListModelsRequest request;
  do {
    const size_t wanted = std::min<size_t>(most - models.size(), kLargestPage);
    request.set_page_size(static_cast<int32_t>(wanted));
    CONVOY_ASSIGN_OR_RETURN(
        const v1::ListModelsResponse page,
        stubs_->Call(*stubs_->models, &v1::ModelService::Stub::ListModels, request, kShort));
    models.insert(models.end(), page.models().begin(), page.models().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && models.size() < most);
  return models;
}

absl::StatusOr<v1::TrainedModel> Coordinator::GetModel(const std::string& name) {
  v1::GetModelRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->models, &v1::ModelService::Stub::GetModel, request, kShort);
}

absl::StatusOr<v1::EvaluateModelResponse> Coordinator::EvaluateModel(
    const v1::EvaluateModelRequest& request) {
  return stubs_->Call(*stubs_->models, &v1::ModelService::Stub::EvaluateModel, request, kLong);
}

absl::StatusOr<v1::PredictResponse> Coordinator::Predict(const v1::PredictRequest& request) {
  return stubs_->Call(*stubs_->models, &v1::ModelService::Stub::Predict, request, kWork);
}

absl::StatusOr<DownloadedModel> Coordinator::DownloadModel(const std::string& name) {
  v1::DownloadModelRequest request;
  request.set_name(name);
  grpc::ClientContext call;
  stubs_->connection.Prepare(&call, kWork);
  const auto reader = stubs_->models->DownloadModel(&call, request);
  DownloadedModel downloaded;
  v1::DownloadModelResponse response;
  while (reader->Read(&response)) {
    if (response.has_model()) downloaded.model = response.model();
    downloaded.bytes += response.chunk();
    if (static_cast<int64_t>(downloaded.bytes.size()) > kMaxModelBytes) call.TryCancel();
  }
  CONVOY_RETURN_IF_ERROR(stubs_->connection.ToStatus(reader->Finish(), kWork));
  if (Sha256Hex(downloaded.bytes) != downloaded.model.sha256()) {
    return TextError(
        absl::StatusCode::kDataLoss,
        "$0: what arrived from $1 has another SHA-256 than the coordinator said; try again", name,
        address());
  }
  return downloaded;
}

}  // namespace convoy::client
