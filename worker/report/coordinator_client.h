// Tells a coordinator how the job goes, and the job when it was cancelled.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/formats/model_file.h"
#include "common/i18n/message.h"
#include "common/rpc/client_channel.h"
#include "convoy/v1/recipe.pb.h"
#include "worker/report/job_story.h"
#include "worker/report/observer.h"

namespace convoy::report {

struct CoordinatorOptions {
  rpc::ClientChannel channel;
  std::string run_directory;  // where checkpoints and model.convoy are
  v1::Recipe recipe;          // every value in force
  metrics::History finished_epochs;
  // Is called, in another thread, when the coordinator says that the job was cancelled.
  std::function<void()> on_cancel;
  // Is told in one line, in another thread, that the coordinator is away, or there again.
  std::function<void(const i18n::Message& line)> on_note;
};

// What a coordinator knows a run by, and what proves that it is reported by its owner.
struct RunIdentity {
  std::string id;
  std::string key;
};

// Reads the run's identity from its directory, or draws it and writes it there, for its owner alone
// to read. A directory that is copied keeps it: both are then the same job.
absl::StatusOr<RunIdentity> ReadOrMakeIdentity(const std::string& run_directory);

// All calls of the coordinator are made in a thread of its own; the training thread never waits for
// one. Where the coordinator is away, what is to be told is kept, thinned, and told later.
class CoordinatorClient : public Observer {
 public:
  // Starts the thread. Returns what the system says if the run directory cannot be written.
  static absl::StatusOr<std::unique_ptr<CoordinatorClient>> Start(CoordinatorOptions options);
  // Ends at once; call Finish before.
  ~CoordinatorClient() override;
  CoordinatorClient(const CoordinatorClient&) = delete;
  CoordinatorClient& operator=(const CoordinatorClient&) = delete;

  void OnStart(const JobFacts& facts) override { story_.Start(facts); }
  void OnEpochStart(int64_t epoch, int64_t step_in_epoch) override {
    story_.StartEpoch(epoch, step_in_epoch);
  }
  void OnStep(const StepProgress& progress) override { story_.Step(progress); }
  void OnEpoch(const EpochReport& report) override { story_.Epoch(report); }
  void OnStopped(int64_t global_step, bool cancelled) override { story_.Stop(cancelled); }
  // model.convoy must be there by now.
  void OnFinished(const FinalReport& report) override { story_.Succeed(report); }
  void OnFailed(const std::string& error) override { story_.Fail(error); }

  // Has the network sent as it is before its first step. To be called after OnStart, at once.
  void PublishUntrained(formats::ModelFile model);

  // After the end of the job: waits until all is told, at most for `timeout`, and for
  // `model_timeout` if only the model is left, because the coordinator has no room for it now.
  // Returns whether all is told.
  bool Finish(std::chrono::milliseconds timeout, std::chrono::milliseconds model_timeout);

  const std::string& address() const { return options_.channel.address(); }

 private:
  class Calls;

  CoordinatorClient(CoordinatorOptions options, StoryOfRun run);

  void Serve();
  absl::Status Talk(bool with_steps);
  absl::Status Register();
  void NoteName(const std::string& run_name);
  bool LabelsChanged() const;
  absl::Status PublishUntrained();
  absl::Status PublishModel(const DueModel& model);
  absl::Status Publish(int epoch, bool final, const metrics::EpochMetrics& metrics,
                       const std::string& bytes);
  void PutOff(const DueModel& model, const absl::Status& refusal);
  void NotePutOff();
  absl::StatusOr<std::string> ReadModelBytes(const DueModel& model) const;
  void NoteResult(const absl::Status& result);
  void NoteCancel(bool requested);

  const CoordinatorOptions options_;
  JobStory story_;
  std::unique_ptr<Calls> calls_;

  // Only the reporting thread uses these.
  std::string job_;  // empty: not registered
  bool name_told_ = false;
  absl::Time labels_told_ = absl::InfinitePast();  // of the labels that were registered
  std::chrono::milliseconds interval_;
  bool cancel_told_ = false;
  bool away_ = false;
  bool given_up_ = false;
  int refusals_ = 0;  // of the model that is due, one after another
  std::chrono::steady_clock::time_point publish_again_;
  int untrained_refusals_ = 0;
  std::chrono::steady_clock::time_point untrained_again_;
  std::string put_off_because_;
  bool put_off_told_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hurry_ = false;   // guarded by mutex_: the job is at its end
  bool ending_ = false;  // guarded by mutex_
  bool done_ = false;    // guarded by mutex_: there is nothing more to tell
  // Guarded by mutex_; until the coordinator has it.
  std::shared_ptr<const formats::ModelFile> untrained_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace convoy::report
