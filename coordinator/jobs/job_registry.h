// All jobs: takes what trainers report, answers what clients ask, notices what goes wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/serial_executor.h"
#include "common/base/steady_condition.h"
#include "common/system/moment.h"
#include "convoy/v1/job_service.pb.h"
#include "convoy/worker/v1/worker_service.pb.h"
#include "coordinator/jobs/live_job.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

struct RegistryOptions {
  absl::Duration heartbeat_interval = absl::Milliseconds(500);
  LivenessRules liveness;
  // Tells the time; for tests.
  std::function<Moment()> now = Moment::Now;
  // Is told every event once it is stored, in order, on a thread of the registry; may be empty.
  // Must not call the registry. One of type DAMAGED is not stored.
  std::function<void(const std::string& job, const v1::Event& event)> on_event;
};

// A job and the number of its state: another number, another state.
struct NumberedJob {
  v1::Job job;
  uint64_t version = 0;
};

// Jobs that run are kept in memory, with the store's copy behind them. A change is seen at once,
// but what is acknowledged is on the disk; heartbeats only change the memory. No lock is held while
// the disk works, so a slow one delays those who wait for its acknowledgement and nobody else.
// Thread-safe. Errors are those that worker_service.proto and job_service.proto name. A change
// whose acknowledgement failed may have been seen; it is kept, and saved with the job's next one.
class JobRegistry {
  struct Entry;

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
  // An older model than the job's newest is answered likewise, and not kept: several calls of one
  // process may end in any order.
  absl::StatusOr<worker::v1::PublishModelResponse> Publish(const worker::v1::ModelHeader& header,
                                                           const std::string& bytes);

  // For clients. `id` is the {job} of a name.
  absl::StatusOr<v1::Job> Get(const std::string& id);
  absl::StatusOr<v1::ListJobsResponse> List(const v1::ListJobsRequest& request);
  absl::StatusOr<v1::ListMetricsResponse> ListMetrics(const std::string& id,
                                                      const v1::ListMetricsRequest& request);
  absl::StatusOr<v1::Job> Cancel(const std::string& id);
  // Changes its labels.
  absl::StatusOr<v1::Job> Update(const std::string& id, const v1::UpdateJobRequest& request);
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
    // As Await; the caller holds the registry's lock.
    absl::StatusOr<const Entry*> AwaitEntry(uint64_t version, absl::Duration timeout);
    JobRegistry& registry_;
    const std::string id_;
  };
  absl::StatusOr<std::unique_ptr<Watch>> StartWatch(const std::string& id);

  // Looks for lost and stalled jobs, and tells of damaged ones. To be called about twice a second.
  void Tick();

  // Ends all watches.
  void Stop();

  // Returns the running jobs, for the metrics page.
  std::vector<v1::Job> RunningJobs();

 private:
  // A job in memory, where it stands, and how far the store is behind.
  struct Entry {
    LiveJob live;
    uint64_t version;     // of the state in memory
    uint64_t to_save;     // the last version that the store is to have
    uint64_t saved;       // the last version that it has
    bool queued = false;  // whether Tick has already asked to have it saved
  };

  JobRegistry(Store& store, RegistryOptions options)
      : store_(store), options_(std::move(options)) {}

  // Returns the job in memory; reads it from the store if need be. Gives up the lock meanwhile.
  absl::StatusOr<Entry*> Find(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Entry*> FindForProcess(const std::string& job_name, const std::string& process_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Entry& Add(const std::string& id, LiveJob live) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // As Find, but makes a job anew of which what the store has is damaged.
  absl::StatusOr<Entry*> FindToRegister(const std::string& id,
                                        const worker::v1::RegisterJobRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The job of a run, found or made; PERMISSION_DENIED if the run has another key.
  absl::StatusOr<std::string> IdOfRun(const worker::v1::RegisterJobRequest& request)
      ABSL_LOCKS_EXCLUDED(mutex_) ABSL_EXCLUSIVE_LOCKS_REQUIRED(registering_);
  absl::StatusOr<std::string> FreeId(const std::string& run_name) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<bool> IsTaken(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);

  // Numbers a state after a change. What must be saved is so by Save with the number returned.
  uint64_t Changed(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t ChangedToSave(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits until the store has this version of the job, or could not take it.
  absl::Status Save(const std::string& id, uint64_t version) ABSL_LOCKS_EXCLUDED(mutex_);
  // Has what the store met told and written anew where it is known.
  void TellDamage() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Both run on writer_.
  absl::Status Write(const std::string& id, uint64_t version) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status DeleteFromStore(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);

  Store& store_;
  const RegistryOptions options_;
  absl::Mutex registering_ ABSL_ACQUIRED_BEFORE(mutex_);  // one registration at a time
  absl::Mutex mutex_;
  SteadyCondition changed_;
  std::map<std::string, Entry> live_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> watches_ ABSL_GUARDED_BY(mutex_);  // by job, where there are any
  uint64_t last_version_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t deletions_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SerialExecutor writer_;  // last: its tasks use all of the above
};

}  // namespace convoy::coordinator
