#include "client/jobs/local_job.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/api/job_description.h"
#include "common/api/job_labels.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/i18n/translate.h"
#include "common/run/events_file.h"
#include "common/run/labels_file.h"
#include "common/run/run_files.h"
#include "common/run/steps_file.h"
#include "common/textproto/text_proto.h"

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
  absl::StatusOr<std::vector<v1::MetricSample>> Steps() override;

 private:
  absl::StatusOr<metrics::History> History() const;
  void MoveWithinEpoch(run::Summary* summary) const;
  void ReadRecipe(v1::Job* job) const;

  std::string directory_;
};

// The summary is of the last epoch's end; within epochs other files move, every second.
void LocalJob::MoveWithinEpoch(run::Summary* summary) const {
  const std::optional<run::StepRow> last = run::LastStep(directory_);
  if (last && last->step > summary->steps) {
    summary->steps = last->step;
    summary->loss = last->loss;
    summary->accuracy = last->accuracy;
    summary->images_per_second = last->images_per_second;
  }
  summary->steps = std::max(summary->steps, run::ReadStepsDone(directory_));
}

// Empty where there is none yet: a trainer that has just begun writes the summary first.
absl::StatusOr<metrics::History> LocalJob::History() const {
  CONVOY_RETURN_IF_ERROR(run::ReadSummary(directory_).status());
  absl::StatusOr<metrics::History> history = run::ReadHistory(directory_);
  if (absl::IsNotFound(history.status())) history.emplace();
  return history;
}

absl::StatusOr<v1::Job> LocalJob::Get() {
  CONVOY_ASSIGN_OR_RETURN(run::Summary summary, run::ReadSummary(directory_));
  if (summary.state == run::RunState::kRunning) MoveWithinEpoch(&summary);
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
  const absl::StatusOr<run::Labels> labels = run::ReadLabels(directory_);
  if (labels.ok() && labels->time != absl::InfinitePast()) {
    *job.mutable_labels() = api::ToProto(*labels);  // damaged ones hide nothing else of the run
  }
  ReadRecipe(&job);
  return job;
}

// A damaged recipe hides nothing else of the run.
void LocalJob::ReadRecipe(v1::Job* job) const {
  const absl::StatusOr<std::string> text = run::ReadRecipe(directory_);
  v1::Recipe recipe;
  if (!text.ok() || !ParseTextProto(*text, directory_, &recipe).ok()) return;
  *job->mutable_recipe() = std::move(recipe);
}

absl::Status LocalJob::Watch(absl::Duration patience,
                             const std::function<void(const v1::Job&)>& on_change,
                             const std::function<void(const absl::Status&)>& on_trouble) {
  Stopwatch lost;
  std::string last;
  while (true) {
    CONVOY_ASSIGN_OR_RETURN(const v1::Job job, Get());
    std::string now = job.SerializeAsString();
    if (now != last) on_change(job);
    if (HasEnded(job)) return absl::OkStatus();
    if (job.state() != v1::Job::LOST) lost = Stopwatch();
    if (job.state() == v1::Job::LOST && absl::Seconds(lost.Elapsed()) > patience) {
      return absl::DeadlineExceededError(
          Tr("$0: its trainer was killed; go on with trainer --run-dir $0 --resume", directory_));
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

absl::StatusOr<std::vector<v1::MetricSample>> LocalJob::Steps() {
  std::vector<v1::MetricSample> samples;
  for (const run::StepRow& row : run::ReadSteps(directory_)) {
    v1::MetricSample& sample = samples.emplace_back();
    sample.set_scope(v1::MetricSample::STEP);
    sample.set_step(row.step);
    sample.set_epoch(static_cast<int32_t>(row.epoch + 1));
    for (const auto& [name, value] : {std::pair("loss", row.loss), {"accuracy", row.accuracy}}) {
      v1::Metric* metric = sample.add_metrics();
      metric->set_name(name);
      metric->set_value(value);
    }
  }
  return samples;
}

}  // namespace

std::unique_ptr<JobSource> NewLocalJob(const std::string& directory) {
  return std::make_unique<LocalJob>(directory);
}

}  // namespace convoy::client
