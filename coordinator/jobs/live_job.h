// One job in memory: how it changes by what its trainer reports, by what clients ask, and by time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/system/moment.h"
#include "convoy/v1/job.pb.h"
#include "convoy/worker/v1/worker_service.pb.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

// How many names of metrics a job may have.
inline constexpr size_t kMaxMetrics = 64;

// When a running job is lost, stalled, or slowed down by one of its ranks.
struct LivenessRules {
  // A trainer that was not heard of for so long is lost.
  absl::Duration lost_after = absl::Seconds(10);
  // A trainer that trains but made no step for so long, and for 20 times what a step takes, is
  // stalled.
  absl::Duration stalled_after = absl::Seconds(30);
  // A rank is a straggler when its work takes so many times the median's.
  double straggler_slowdown = 1.5;
};

// What the store was not told yet, beside the job's record.
struct UnsavedChanges {
  std::map<std::pair<int64_t, int>, v1::MetricSample> samples;  // by step and scope
  std::vector<v1::Event> events;
  std::optional<int64_t> forget_after_step;  // comes before the samples

  // Adds one; of scope STEP at most kMaxStepSamples stay, evenly spaced.
  void Add(const v1::MetricSample& sample);
  // Drops samples of later steps, and has the store drop those that it has.
  void ForgetAfter(int64_t step);
  // Adds changes that were made after these.
  void Append(UnsavedChanges later);
};

// `now` is always the time of the call. Thread-compatible.
class LiveJob {
 public:
  // A job as the store has it.
  LiveJob(JobRecord record, std::vector<v1::Event> events, const Moment& now);
  // A new job of this id, registered by its trainer.
  LiveJob(const std::string& id, const worker::v1::RegisterJobRequest& request, const Moment& now);

  const JobRecord& record() const { return record_; }
  const v1::Job& job() const { return record_.job; }
  bool running() const { return job().state() == v1::Job::RUNNING; }
  // Whether its trainer is to stop training.
  bool shall_stop() const {
    return job().cancel_requested() || job().state() == v1::Job::CANCELLED;
  }
  const std::shared_ptr<const v1::Recipe>& recipe() const { return record_.recipe; }
  // Returns the job as clients get it, with its events and all that is derived, but without its
  // recipe: that is large, and can be copied without the registry's lock.
  v1::Job Snapshot() const;
  // As Snapshot, without events and ranks.
  v1::Job Summary() const;

  // Returns INVALID_ARGUMENT if a report would have the job grow beyond its bounds: more than
  // kMaxMetrics names of metrics, of which `names` are the report's, or epochs and steps that it
  // does not have.
  absl::Status Admit(const worker::v1::ReportProgressRequest& request,
                     const std::set<std::string>& names) const;

  // What trainers report. Each is idempotent: it may be told the same twice.
  void Register(const worker::v1::RegisterJobRequest& request, const Moment& now);
  void NoteAlive(const Moment& now) { heard_ = now.steady; }
  void Apply(const worker::v1::HeartbeatRequest& request, const Moment& now);
  void Apply(const worker::v1::ReportProgressRequest& request, const LivenessRules& rules,
             const Moment& now);
  void SetModel(const std::string& name, const Moment& now);
  // Whether a model is not older than what this process published before; remembers it then.
  bool TakesModel(int epoch, bool final);

  // What clients ask. REQUIRES: the job has not succeeded.
  void Cancel(const Moment& now);
  // Later than any labels before, whatever the clocks say.
  void SetLabels(const v1::JobLabels& labels, const Moment& now);

  // Finds out whether a running job is lost or has stalled. Returns whether that is news.
  bool CheckLiveness(const LivenessRules& rules, const Moment& now);

  // Write-behind: what is to be saved is taken, and put back if it could not be saved.
  bool HasUnsavedEvents() const { return !unsaved_.events.empty(); }
  UnsavedChanges TakeUnsaved() { return std::exchange(unsaved_, {}); }
  void PutBack(UnsavedChanges changes);

 private:
  void AddEvent(v1::Event::Type type, v1::Event::Severity severity, const std::string& message,
                const Moment& now, const v1::StragglerDetails* straggler = nullptr);
  void AddRunEvents(const worker::v1::RegisterJobRequest& request);
  void Contact(const Moment& now);
  void Progress(const worker::v1::Progress& progress, const Moment& now);
  void UpdateStragglers(double slowdown, const Moment& now);
  void Conclude(const worker::v1::Conclusion& conclusion, const Moment& now);
  void End(v1::Job::State state, const std::string& message, const Moment& now);

  JobRecord record_;
  std::vector<v1::Event> events_;  // the newest kMaxEvents
  absl::Duration heard_;           // when its trainer last called; steady, as the next
  absl::Duration stepped_;         // when it last made a step, or was not to make any
  absl::Duration between_epochs_;  // how long the last validation took
  bool stalled_ = false;
  std::set<int> stragglers_;
  std::pair<bool, int> published_;  // the last model of this process: whether final, and its epoch
  UnsavedChanges unsaved_;
};

}  // namespace convoy::coordinator
