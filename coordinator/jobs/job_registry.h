// All jobs: takes what trainers report, answers what clients ask, notices what goes wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "convoy/v1/job_service.pb.h"
#include "convoy/worker/v1/worker_service.pb.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

struct RegistryOptions {
  absl::Duration heartbeat_interval = absl::Milliseconds(500);
  // A trainer that was not heard of for so long is lost.
  absl::Duration lost_after = absl::Seconds(10);
  // A trainer that trains but made no step for so long, and for 20 times what a step takes, is
  // stalled.
  absl::Duration stalled_after = absl::Seconds(30);
  // A rank is a straggler when its work takes so many times the median's.
  double straggler_slowdown = 1.5;
  // Tells the time; for tests.
  std::function<absl::Time()> now = absl::Now;
  // Is told every event as it happens, for the log; may be empty. Must not call the registry.
  std::function<void(const std::string& job, const v1::Event& event)> on_event;
};

// A job and the number of its state: another number, another state.
struct NumberedJob {
  v1::Job job;
  uint64_t version = 0;
};

// Jobs that run are kept in memory, with the store's copy behind them: what a trainer was told is
// kept is in the store, heartbeats only change the memory. Thread-safe. Errors are those that
// worker_service.proto and job_service.proto name.
class JobRegistry {
 public:
  // Reads the jobs that were running from the store, which must outlive the registry.
  static absl::StatusOr<std::unique_ptr<JobRegistry>> Open(Store& store, RegistryOptions options);

  // For trainers.
  absl::StatusOr<worker::v1::RegisterJobResponse> Register(
      const worker::v1::RegisterJobRequest& request);
  absl::StatusOr<worker::v1::ReportProgressResponse> Report(
      const worker::v1::ReportProgressRequest& request);
  absl::StatusOr<worker::v1::HeartbeatResponse> Heartbeat(
      const worker::v1::HeartbeatRequest& request);
  // While a model comes in, which may take longer than trainers may be silent.
  void NoteAlive(const worker::v1::ModelHeader& header);
  absl::StatusOr<worker::v1::PublishModelResponse> Publish(const worker::v1::ModelHeader& header,
                                                           const std::string& bytes);

  // For clients. `id` is the {job} of a name.
  absl::StatusOr<v1::Job> Get(const std::string& id);
  absl::StatusOr<v1::ListJobsResponse> List(const v1::ListJobsRequest& request);
  absl::StatusOr<v1::ListMetricsResponse> ListMetrics(const std::string& id,
                                                      const v1::ListMetricsRequest& request);
  absl::StatusOr<v1::Job> Cancel(const std::string& id);
  absl::Status Delete(const std::string& id);

  // Keeps a job in memory while it lives, so that its versions count on. Thread-compatible.
  class Watch {
   public:
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Waits until the job has another version than `version`, at most for `timeout`; returns it as
    // it is then. Returns NOT_FOUND if it was deleted, UNAVAILABLE if the coordinator stops.
    absl::StatusOr<NumberedJob> Await(uint64_t version, absl::Duration timeout);

   private:
    friend class JobRegistry;
    Watch(JobRegistry& registry, std::string id) : registry_(registry), id_(std::move(id)) {}
    JobRegistry& registry_;
    const std::string id_;
  };
  absl::StatusOr<std::unique_ptr<Watch>> StartWatch(const std::string& id);

  // Looks for lost and stalled jobs. To be called about twice a second.
  void Tick();

  // Ends all watches.
  void Stop();

  // Returns the running jobs, for the metrics page.
  std::vector<v1::Job> RunningJobs();

 private:
  // A job in memory.
  struct LiveJob {
    JobRecord record;
    std::vector<v1::Event> events;
    uint64_t version = 0;
    absl::Time heard;               // when its trainer last called
    absl::Time stepped;             // when it last made a step, or was not to make any
    absl::Duration between_epochs;  // how long the last validation took
    bool stalled = false;
    std::set<int> stragglers;
  };
  // A change in the making: a copy of a live job, with what the store is to be told.
  struct Change {
    LiveJob next;
    std::vector<v1::MetricSample> samples;
    std::vector<v1::Event> events;
    std::optional<int64_t> forget_after_step;
  };

  JobRegistry(Store& store, RegistryOptions options)
      : store_(store), options_(std::move(options)) {}

  absl::StatusOr<LiveJob*> Find(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<LiveJob*> FindForProcess(const std::string& job_name,
                                          const std::string& process_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<LiveJob*> FindOrMakeForRun(const worker::v1::RegisterJobRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::string> FreeId(const std::string& run_name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // How a change comes about, and takes effect: in the store and then in memory, or in memory
  // alone.
  Change BeginChange(const LiveJob& live) const;
  void AddEvent(v1::Event::Type type, v1::Event::Severity severity, const std::string& message,
                Change* change) const;
  absl::Status Commit(LiveJob* live, Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeOver(LiveJob* live, Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CommitOrTakeOver(LiveJob* live, Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void SetUpJob(const worker::v1::RegisterJobRequest& request, Change* change) const;
  void HearOf(Change* change) const;
  void NoteProgress(const worker::v1::Progress& progress, Change* change) const;
  void NoteSample(const v1::MetricSample& sample, Change* change) const;
  void NoteStragglers(Change* change) const;
  void Conclude(const worker::v1::Conclusion& conclusion, Change* change) const;
  void EndAs(v1::Job::State state, const std::string& message, Change* change) const;
  absl::Status TickJob(LiveJob* live) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Store& store_;
  const RegistryOptions options_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::map<std::string, LiveJob> live_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> watches_ ABSL_GUARDED_BY(mutex_);  // by job, where there are any
  uint64_t last_version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace convoy::coordinator
