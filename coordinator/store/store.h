// What the coordinator remembers: jobs, their metrics and events, models. One SQLite database, and
// the models' bytes as files beside it (docs/coordinator.md has the layout).
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/file_lock.h"
#include "convoy/v1/job.pb.h"
#include "convoy/v1/model_service.pb.h"
#include "coordinator/store/model_source.h"
#include "coordinator/store/sqlite.h"

namespace convoy::coordinator {

// How many samples of scope STEP a job keeps, and how many events.
inline constexpr int kMaxStepSamples = 1000;
inline constexpr int kMaxEvents = 100;

// How long a write waits for other programs.
inline constexpr absl::Duration kStandardPatience = absl::Seconds(2);

// For the models of earlier epochs.
inline constexpr int64_t kStandardVersionsBytes = int64_t{1} << 30;

// A job as it is stored.
struct JobRecord {
  std::string id;          // {job} of "jobs/{job}"
  std::string run_id;      // of the run directory
  std::string process_id;  // of the trainer that registered last
  std::string run_key;     // SHA-256 of the run's key; empty where the run has none
  v1::Job job;             // with ranks; without recipe and events
  // Shared, because it is large and never changes. Never null.
  std::shared_ptr<const v1::Recipe> recipe = std::make_shared<v1::Recipe>();
};

// What a run is known by, without its job.
struct StoredRun {
  std::string id;
  std::string run_key;  // as of JobRecord
};

// What changes at once.
struct JobUpdate {
  const JobRecord* record = nullptr;      // replaces the stored one
  std::vector<v1::MetricSample> samples;  // each replaces one of the same scope and step
  std::vector<v1::Event> events;          // are added
  // Before all that: samples of later steps than this are forgotten.
  std::optional<int64_t> forget_after_step;
};

// Thread-safe. What a method that changes something has answered with OK is on the disk and
// survives a crash at any moment. Methods that only read do not wait for one that writes: they have
// a connection of their own, which sees the last commit (SQLite's write-ahead log). Errors beside
// those named: DATA_LOSS and UNAVAILABLE (a full disk, too), as in sqlite.h.
//
// An entry that is damaged harms no other: lists leave it out, what asks for it by name gets
// DATA_LOSS, it can be deleted or written anew, and TakeDamaged names it.
class Store final : public ModelSource {
 public:
  // Opens the store in `directory`, made if missing, and takes it for this process alone
  // (store_directory.h has the errors). Returns FAILED_PRECONDITION if a newer version wrote it,
  // DATA_LOSS if the database file is damaged. Looks through all entries.
  // A write waits for `patience` where another program, such as sqlite3, has the database. Models
  // of earlier epochs may have `versions_bytes`, those of all jobs together.
  static absl::StatusOr<std::unique_ptr<Store>> Open(
      const std::string& directory, absl::Duration patience = kStandardPatience,
      int64_t versions_bytes = kStandardVersionsBytes);
  ~Store() override;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Returns NOT_FOUND if there is no such job, here and below.
  absl::StatusOr<JobRecord> GetJob(const std::string& id);

  // Returns the job of a run directory, or nothing; also of a job that is damaged.
  absl::StatusOr<std::optional<StoredRun>> FindRun(const std::string& run_id);

  // Whether there is a job of this id, damaged or not.
  absl::StatusOr<bool> HasJob(const std::string& id);

  // Returns the smallest N from 2 on for which no job "`stem`-N" or of a higher number exists, of
  // those with eight digits or fewer: others are names that people gave.
  absl::StatusOr<int64_t> FreeNumber(const std::string& stem);

  // Returns the jobs of which something damaged was met, each once.
  std::vector<std::string> TakeDamaged();

  // Returns all jobs in the state.
  absl::StatusOr<std::vector<JobRecord>> JobsInState(v1::Job::State state);

  // Returns jobs, the newest first, without recipes and ranks; only in `states` unless empty.
  absl::StatusOr<Page<v1::Job>> ListJobs(const std::vector<v1::Job::State>& states, int page_size,
                                         const std::string& page_token);

  // Returns how many jobs are in each state.
  absl::StatusOr<std::vector<std::pair<v1::Job::State, int64_t>>> CountJobs();

  // Inserts or changes a job, all or nothing.
  absl::Status Update(const JobUpdate& update);

  // Returns the newest events, oldest first.
  absl::StatusOr<std::vector<v1::Event>> Events(const std::string& job);

  // Returns samples by step, then scope; only of `scope` unless unspecified.
  absl::StatusOr<Page<v1::MetricSample>> ListSamples(const std::string& job,
                                                     v1::MetricSample::Scope scope, int page_size,
                                                     const std::string& page_token);

  // Returns how many samples of scope EPOCH are stored without a gap from the first epoch on.
  absl::StatusOr<int> CompletedEpochs(const std::string& job);

  // Removes a job with all that belongs to it, without reading it, and gives the space back.
  absl::Status DeleteJob(const std::string& id);

  // Replaces the job's model, if `is_wanted` says so once the file is written: of several calls at
  // once, the order of these answers is that of the replacements. Returns whether it did. `name`,
  // `version`, `sha256` and `size_bytes` of `model` must be set and be those of `bytes`. The model
  // before stays as a version where KeptVersions keeps it; where there is no room for all, those of
  // the oldest jobs go. Version 0 replaces nothing: it is only kept as a version.
  absl::StatusOr<bool> PutModel(
      const std::string& job, const v1::TrainedModel& model, const std::string& bytes,
      absl::FunctionRef<bool()> is_wanted = [] { return true; });

  absl::StatusOr<v1::TrainedModel> GetModel(const std::string& id) override;
  absl::StatusOr<std::vector<v1::TrainedModel>> ListVersions(const std::string& id) override;
  absl::StatusOr<Page<v1::TrainedModel>> ListModels(int page_size,
                                                    const std::string& page_token) override;
  absl::StatusOr<std::pair<v1::TrainedModel, std::string>> ReadModel(
      const std::string& id) override;
  absl::StatusOr<OpenModel> OpenFile(const std::string& id) override;

 private:
  Store(std::string directory, int64_t versions_bytes, FileLock lock, Database database,
        Database reader);

  absl::Status Prepare();
  absl::Status Migrate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteJob(const JobRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteSamples(const std::string& job, const std::vector<v1::MetricSample>& samples)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ThinSteps(const std::string& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteEvents(const std::string& job, const std::vector<v1::Event>& events)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteModel(const std::string& job, const v1::TrainedModel& model,
                          const std::string& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status KeepModel(const std::string& job, const v1::TrainedModel& model,
                         const std::string& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes the job's model a version of it, if it is of an earlier epoch than this one.
  absl::Status KeepOldModel(const std::string& job, int64_t epoch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteVersion(const std::string& job, const v1::TrainedModel& model,
                            const std::string& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes the job's versions that are too many, or none of a training that went on from before.
  absl::Status ThinVersions(const std::string& job, int64_t last)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes other jobs' versions until those of all have room; adds their files to `*removed`.
  absl::Status MakeRoom(const std::string& job, std::vector<std::string>* removed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the names of the files of a job's models.
  absl::StatusOr<std::vector<std::string>> ModelFiles(const std::string& job)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes those of `files` that the job does not have any more.
  void RemoveFiles(const std::string& job, const std::vector<std::string>& files)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns a model and its file's name, and those of a version that is not the last.
  absl::StatusOr<std::pair<v1::TrainedModel, std::string>> FindModel(const std::string& id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_);
  absl::StatusOr<std::pair<v1::TrainedModel, std::string>> FindLast(const std::string& job)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_);
  absl::StatusOr<std::optional<std::pair<v1::TrainedModel, std::string>>> FindEarlier(
      const std::string& job, int64_t epoch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_);
  absl::Status AddLabels(v1::TrainedModel* model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_);
  absl::Status RemoveStrayFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status FindDamage();
  void NoteDamage(const std::string& id) ABSL_LOCKS_EXCLUDED(damage_);
  void ForgetDamage(const std::string& id) ABSL_LOCKS_EXCLUDED(damage_);
  std::string ModelPath(const std::string& file) const;

  const std::string directory_;
  const int64_t versions_bytes_;
  const FileLock lock_;
  absl::Mutex mutex_;
  Database database_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex reading_;
  Database reader_ ABSL_GUARDED_BY(reading_);
  absl::Mutex files_;   // is held while a model's file is written
  absl::Mutex damage_;  // is taken last
  std::set<std::string> damaged_ ABSL_GUARDED_BY(damage_);
  std::vector<std::string> damage_to_tell_ ABSL_GUARDED_BY(damage_);
};

// Microseconds since 1970 and protobuf's form of a time.
google::protobuf::Timestamp ToProto(absl::Time time);
absl::Time FromProto(const google::protobuf::Timestamp& time);

}  // namespace convoy::coordinator
