// What a coordinator is to know of a job, and what of that it has not been told yet.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/metrics/history.h"
#include "common/metrics/phase_seconds.h"
#include "convoy/v1/recipe.pb.h"
#include "convoy/worker/v1/worker_service.pb.h"
#include "worker/report/observer.h"

namespace convoy::report {

// The most samples of steps that are kept, evenly spaced over the job.
inline constexpr int kMaxStepSamples = 1000;

// Which run of which process a story is of.
struct StoryOfRun {
  std::string run_directory;
  std::string run_id;      // 32 hexadecimal digits, as the rest of the run's life
  std::string run_key;     // likewise, and known to the run's owner alone
  std::string process_id;  // 32 hexadecimal digits, drawn anew by every process
  v1::Recipe recipe;
  metrics::History finished_epochs;  // before this process
};

// A model that is to be published.
struct DueModel {
  int completed_epochs = 0;
  int64_t step = 0;
  bool final = false;
  metrics::EpochMetrics metrics;
};

// Thread-safe: the training thread tells, the reporting thread reads what is due. Bounded: steps
// are thinned, and what is told is told in the newest form.
class JobStory {
 public:
  explicit JobStory(StoryOfRun run);

  // For the training thread; each takes a lock for a moment.
  void Start(const JobFacts& facts);
  void StartEpoch(int64_t epoch, int64_t step_in_epoch);
  void Step(const StepProgress& progress);
  void Epoch(const EpochReport& report);
  // The end: how, and of a success the test metrics, which come with the final model.
  void Succeed(const FinalReport& report);
  void Stop(bool cancelled);
  void Fail(const std::string& error);

  // For the reporting thread. Whether there is anything to tell yet.
  bool started() const;
  // Whether the end was told, or is to be.
  bool ended() const;

  worker::v1::RegisterJobRequest Registration() const;

  // The coordinator has the first `stored_epochs`; all that it may lack is due again.
  void Registered(int stored_epochs);

  worker::v1::Progress progress() const;

  // Returns all that is due, if anything is: new epochs, the conclusion (unless a model is due
  // before it that was not put off), and samples of steps, where `with_steps`, or with one of the
  // others.
  std::optional<worker::v1::ReportProgressRequest> DueReport(bool with_steps) const;
  // It was stored.
  void Reported(const worker::v1::ReportProgressRequest& report);

  std::optional<DueModel> due_model() const;
  // It was stored, or cannot be.
  void ModelDone(const DueModel& model);
  // It cannot be stored now: the conclusion does not wait for it.
  void PutOff(const DueModel& model);

  // Whether the end was told.
  bool concluded() const;

  // Whether everything was told, to the end and the model.
  bool complete() const;

 private:
  v1::MetricSample EpochSample(const metrics::EpochMetrics& metrics, int epoch) const;
  void SetEnd(v1::Job::State state);
  bool IsDue(const DueModel& model) const;

  const StoryOfRun run_;
  mutable std::mutex mutex_;
  // The members below are guarded by mutex_.
  std::optional<JobFacts> facts_;
  worker::v1::Progress progress_;
  int64_t step_stride_ = 1;
  std::vector<v1::MetricSample> steps_;   // at most kMaxStepSamples
  size_t steps_told_ = 0;                 // of them
  std::vector<v1::MetricSample> epochs_;  // from the first
  size_t epochs_told_ = 0;
  std::vector<v1::Rank> ranks_;
  std::vector<metrics::PhaseSeconds> phases_;  // up to the end of the last epoch
  std::optional<v1::MetricSample> final_;
  std::optional<DueModel> due_model_;
  bool due_model_put_off_ = false;
  std::optional<DueModel> newest_model_;
  std::optional<worker::v1::Conclusion> conclusion_;
  bool conclusion_told_ = false;
};

}  // namespace convoy::report
