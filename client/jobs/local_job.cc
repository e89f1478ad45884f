#include "client/jobs/local_job.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/local/run_directory.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::Duration kPollInterval = absl::Milliseconds(300);

// Values of a summary; what is missing or of another type is empty or 0.
std::string TextIn(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

double NumberIn(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

// Whatever the file says: so small that products of two do not overflow.
int64_t WholeIn(const Json& json, const char* key) {
  return static_cast<int64_t>(std::clamp(NumberIn(json, key), 0.0, 4e9));
}

int32_t SmallIn(const Json& json, const char* key) {
  return static_cast<int32_t>(std::min<int64_t>(WholeIn(json, key), 1 << 30));
}

const Json& ListIn(const Json& json, const char* key) {
  static const auto* const kEmpty = new Json(Json::array());
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : *kEmpty;
}

v1::Job::State StateIn(const Json& summary, const std::string& directory) {
  const std::string state = TextIn(summary, "state");
  if (state == "succeeded") return v1::Job::SUCCEEDED;
  if (state == "failed") return v1::Job::FAILED;
  if (state == "stopped") return v1::Job::STOPPED;
  if (state == "cancelled") return v1::Job::CANCELLED;
  if (state == "running") return TrainerWorksIn(directory) ? v1::Job::RUNNING : v1::Job::LOST;
  return v1::Job::STATE_UNSPECIFIED;
}

void AddMetric(const std::string& name, const Json& value, v1::Job* job) {
  if (!value.is_number()) return;
  v1::Metric* metric = job->add_metrics();
  metric->set_name(name);
  metric->set_value(value.get<double>());
}

void AddMetrics(const Json& summary, const Json& history, v1::Job* job) {
  for (const auto& [name, values] : history.items()) {
    if (!values.empty()) AddMetric(name, values.back(), job);
  }
  for (const char* name : {"test_loss", "test_accuracy"}) {
    const auto found = summary.find(name);
    if (found != summary.end()) AddMetric(name, *found, job);
  }
}

void AddRanks(const Json& summary, v1::Job* job) {
  const Json& phases = ListIn(summary, "phase_seconds");
  const Json& threads = ListIn(summary, "threads");
  const Json& hosts = ListIn(summary, "hosts");
  const auto ranks = std::min<size_t>(phases.size(), static_cast<size_t>(job->world_size()));
  for (size_t i = 0; i < ranks; ++i) {
    v1::Rank* rank = job->add_ranks();
    rank->set_rank(static_cast<int32_t>(i));
    // The summary names each host once; which rank was where it tells only if all were on one.
    if (hosts.size() == 1 && hosts[0].is_string()) rank->set_host(hosts[0].get<std::string>());
    if (i < threads.size() && threads[i].is_number_integer()) {
      rank->set_threads(threads[i].get<int32_t>());
    }
    if (!phases[i].is_object()) continue;
    v1::PhaseSeconds* seconds = rank->mutable_phase_seconds();
    seconds->set_data(NumberIn(phases[i], "data"));
    seconds->set_forward(NumberIn(phases[i], "forward"));
    seconds->set_backward(NumberIn(phases[i], "backward"));
    seconds->set_reduce(NumberIn(phases[i], "reduce"));
    seconds->set_update(NumberIn(phases[i], "update"));
    seconds->set_wait(NumberIn(phases[i], "wait"));
  }
}

void AddSetup(const Json& summary, const std::string& directory, v1::JobSetup* setup) {
  setup->set_run_directory(directory);
  setup->set_network(TextIn(summary, "model"));
  setup->set_parameter_count(WholeIn(summary, "parameters"));
  setup->set_data_kind(TextIn(summary, "data"));
  setup->set_data_sha256(TextIn(summary, "data_sha256"));
  setup->set_train_image_count(WholeIn(summary, "train_images"));
  setup->set_validation_image_count(WholeIn(summary, "validation_images"));
  setup->set_test_image_count(WholeIn(summary, "test_images"));
  setup->set_isa(TextIn(summary, "isa"));
  setup->set_blas_core(TextIn(summary, "blas_core"));
  setup->set_version(TextIn(summary, "version"));
  setup->set_git_commit(TextIn(summary, "git_commit"));
}

void AddProgress(const Json& summary, int completed, v1::Job* job) {
  const int64_t batch = std::max<int64_t>(WholeIn(summary, "batch_size"), 1);
  const int64_t steps_per_epoch = (WholeIn(summary, "train_images") + batch - 1) / batch;
  job->set_epochs(SmallIn(summary, "epochs"));
  job->set_completed_epochs(completed);
  job->set_epoch(std::min(completed + (HasEnded(*job) ? 0 : 1), job->epochs()));
  job->set_steps_per_epoch(steps_per_epoch);
  job->set_total_steps(steps_per_epoch * job->epochs());
  job->set_step(WholeIn(summary, "steps"));
  job->set_images_per_second(NumberIn(summary, "train_images_per_second"));
  if (job->total_steps() > 0) {
    const auto done = static_cast<double>(job->step()) / static_cast<double>(job->total_steps());
    job->set_progress_percentage(static_cast<int32_t>(100 * std::clamp(done, 0.0, 1.0)));
  }
  if (job->state() == v1::Job::RUNNING && completed > 0) {
    const double seconds =
        NumberIn(summary, "train_seconds") / completed * (job->epochs() - completed);
    job->mutable_estimated_remaining_duration()->set_seconds(std::llround(std::ceil(seconds)));
  }
}

class LocalJob : public JobSource {
 public:
  explicit LocalJob(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<v1::Job> Get() override;
  absl::Status Watch(absl::Duration patience, const std::function<void(const v1::Job&)>& on_change,
                     const std::function<void(const absl::Status&)>& on_trouble) override;
  absl::StatusOr<std::vector<v1::MetricSample>> Epochs() override;
  absl::StatusOr<std::vector<v1::MetricSample>> Steps() override {
    return std::vector<v1::MetricSample>();  // a run directory keeps none
  }

 private:
  absl::StatusOr<Json> History() const;

  std::string directory_;
};

// Empty where there is none yet: a trainer that has just begun writes the summary first.
absl::StatusOr<Json> LocalJob::History() const {
  CONVOY_RETURN_IF_ERROR(ReadRunSummary(directory_).status());
  absl::StatusOr<Json> history = ReadRunHistory(directory_);
  if (absl::IsNotFound(history.status())) history.emplace(Json::object());
  return history;
}

absl::StatusOr<v1::Job> LocalJob::Get() {
  CONVOY_ASSIGN_OR_RETURN(const Json summary, ReadRunSummary(directory_));
  CONVOY_ASSIGN_OR_RETURN(const Json history, History());
  const auto completed = history.empty() ? 0 : static_cast<int>(history.begin()->size());
  v1::Job job;
  job.set_name(RunName(directory_));
  job.set_state(StateIn(summary, directory_));
  if (job.state() == v1::Job::STATE_UNSPECIFIED) {
    return absl::DataLossError(absl::StrCat(directory_, "/summary.json: its state is unknown; is ",
                                            "it of another version of Convoy?"));
  }
  job.set_error(TextIn(summary, "error"));
  job.set_world_size(SmallIn(summary, "world_size"));
  job.set_restarts(SmallIn(summary, "restarts"));
  job.set_weights_sha256(TextIn(summary, "weights_sha256"));
  AddSetup(summary, directory_, job.mutable_setup());
  AddProgress(summary, completed, &job);
  AddMetrics(summary, history, &job);
  AddRanks(summary, &job);
  struct stat file = {};
  if (::stat((directory_ + "/summary.json").c_str(), &file) == 0) {
    job.mutable_update_time()->set_seconds(file.st_mtim.tv_sec);
  }
  return job;
}

absl::Status LocalJob::Watch(absl::Duration patience,
                             const std::function<void(const v1::Job&)>& on_change,
                             const std::function<void(const absl::Status&)>& on_trouble) {
  absl::Time well = absl::Now();
  std::string last;
  while (true) {
    CONVOY_ASSIGN_OR_RETURN(const v1::Job job, Get());
    std::string now = job.SerializeAsString();
    if (now != last) on_change(job);
    if (HasEnded(job)) return absl::OkStatus();
    if (job.state() != v1::Job::LOST) well = absl::Now();
    if (job.state() == v1::Job::LOST && absl::Now() - well > patience) {
      return absl::DeadlineExceededError(
          absl::StrCat(directory_, ": its trainer was killed; go on with trainer --run-dir ",
                       directory_, " --resume"));
    }
    last = std::move(now);
    absl::SleepFor(kPollInterval);
  }
}

absl::StatusOr<std::vector<v1::MetricSample>> LocalJob::Epochs() {
  CONVOY_ASSIGN_OR_RETURN(const Json history, History());
  std::vector<v1::MetricSample> samples(history.empty() ? 0 : history.begin()->size());
  for (size_t epoch = 0; epoch < samples.size(); ++epoch) {
    samples[epoch].set_scope(v1::MetricSample::EPOCH);
    samples[epoch].set_epoch(static_cast<int32_t>(epoch + 1));
    for (const auto& [name, values] : history.items()) {
      v1::Metric* metric = samples[epoch].add_metrics();
      metric->set_name(name);
      metric->set_value(values[epoch].get<double>());
    }
  }
  return samples;
}

}  // namespace

std::unique_ptr<JobSource> NewLocalJob(const std::string& directory) {
  return std::make_unique<LocalJob>(directory);
}

}  // namespace convoy::client
