// What convoy asks of a coordinator. No call waits without end.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/client_channel.h"
#include "convoy/v1/job.pb.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::client {

// A model's file and what is known of it.
struct DownloadedModel {
  v1::TrainedModel model;
  std::string bytes;
};

// Names are whole: "jobs/first", "models/first". Errors of all methods are one line that says what
// to do: UNAVAILABLE if nobody answers, DEADLINE_EXCEEDED if not in time, and the service's own
// (proto/convoy/v1). Thread-compatible.
class Coordinator {
 public:
  // Connects with the first call. Errors also give gRPC's words if `verbose`. Returns the errors of
  // rpc::ClientChannel::Create.
  static absl::StatusOr<std::unique_ptr<Coordinator>> Open(const rpc::ClientOptions& options,
                                                           bool verbose);

  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  const std::string& address() const;

  // Returns the newest `most` jobs, the newest first.
  absl::StatusOr<std::vector<v1::Job>> ListJobs(size_t most);
  absl::StatusOr<v1::Job> GetJob(const std::string& name);

  // Calls `on_change` with the job now and whenever it changed, until it has ended (OK),
  // `on_change` returns false (OK), or `limit` is over (DEADLINE_EXCEEDED).
  absl::Status WatchJob(const std::string& name, std::chrono::seconds limit,
                        const std::function<bool(const v1::Job&)>& on_change);

  // Returns all samples of one scope, by step.
  absl::StatusOr<std::vector<v1::MetricSample>> ListMetrics(const std::string& job,
                                                            v1::MetricSample::Scope scope);
  absl::StatusOr<v1::Job> CancelJob(const std::string& name);
  // Changes the fields of its labels that `fields` names, such as "labels.tags".
  absl::StatusOr<v1::Job> UpdateJob(const v1::Job& job, const std::vector<std::string>& fields);
  absl::Status DeleteJob(const std::string& name);

  // Returns the newest `most` models, the newest first.
  absl::StatusOr<std::vector<v1::TrainedModel>> ListModels(size_t most);
  absl::StatusOr<v1::TrainedModel> GetModel(const std::string& name);
  absl::StatusOr<v1::EvaluateModelResponse> EvaluateModel(const v1::EvaluateModelRequest& request);
  absl::StatusOr<v1::PredictResponse> Predict(const v1::PredictRequest& request);

  // Returns DATA_LOSS if the bytes are not those that the coordinator announced.
  absl::StatusOr<DownloadedModel> DownloadModel(const std::string& name);

 private:
  struct Stubs;
  explicit Coordinator(std::unique_ptr<Stubs> stubs);

  std::unique_ptr<Stubs> stubs_;
};

}  // namespace convoy::client
