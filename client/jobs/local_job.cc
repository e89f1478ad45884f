#include "client/jobs/local_job.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/api/job_description.h"
#include "common/base/status.h"
#include "common/run/events_file.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(300);

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
  absl::StatusOr<metrics::History> History() const;

  std::string directory_;
};

// Empty where there is none yet: a trainer that has just begun writes the summary first.
absl::StatusOr<metrics::History> LocalJob::History() const {
  CONVOY_RETURN_IF_ERROR(run::ReadSummary(directory_).status());
  absl::StatusOr<metrics::History> history = run::ReadHistory(directory_);
  if (absl::IsNotFound(history.status())) history.emplace();
  return history;
}

absl::StatusOr<v1::Job> LocalJob::Get() {
  CONVOY_ASSIGN_OR_RETURN(run::Summary summary, run::ReadSummary(directory_));
  CONVOY_ASSIGN_OR_RETURN(const metrics::History history, History());
  const bool supervised = run::SupervisorWorksIn(directory_);
  // Until its supervisor gives it up, the training goes on after a failure.
  if (supervised && summary.state == run::RunState::kFailed) {
    summary.state = run::RunState::kRunning;
    summary.error.clear();
  }
  v1::Job job =
      api::ToJob(summary, history, directory_, supervised || run::TrainerWorksIn(directory_));
  for (const run::RunEvent& event : run::ReadEvents(directory_)) {
    *job.add_events() = api::ToEvent(event);
  }
  struct stat file = {};
  if (::stat(run::PathIn(directory_, run::kSummaryFile).c_str(), &file) == 0) {
    *job.mutable_update_time() = api::ToProto(absl::TimeFromTimespec(file.st_mtim));
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
  CONVOY_ASSIGN_OR_RETURN(const metrics::History history, History());
  std::vector<v1::MetricSample> samples;
  for (const metrics::EpochMetrics& epoch : history) {
    samples.push_back(api::ToSample(epoch, static_cast<int>(samples.size()) + 1, 0));
  }
  return samples;
}

}  // namespace

std::unique_ptr<JobSource> NewLocalJob(const std::string& directory) {
  return std::make_unique<LocalJob>(directory);
}

}  // namespace convoy::client
