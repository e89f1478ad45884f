// One start after another: the trainer, or mpirun with the trainers. What must be known between two
// starts, of one supervisor or of the next, lies in the run directory: the checkpoints, and what
// the ranks said before they died. Nothing is started before all processes of earlier starts are
// gone, so no two of them ever write there.
#include "client/supervise/supervisor.h"

#include <sys/prctl.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "client/process/child.h"
#include "client/process/wishes.h"
#include "client/supervise/attempt.h"
#include "client/supervise/chronicle.h"
#include "client/supervise/claimed_directory.h"
#include "client/supervise/failure.h"
#include "client/supervise/launch.h"
#include "client/supervise/patience.h"
#include "client/supervise/places.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/formats/checkpoint_store.h"
#include "common/i18n/message.h"
#include "common/run/events_file.h"
#include "common/run/run_files.h"
#include "common/run/start_file.h"

namespace convoy::client {
namespace {

using i18n::MakeMessage;
using i18n::Message;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kWishPoll{50};
constexpr std::chrono::seconds kLongestReport{30};

// Whether another try may do better: a disk is full, a host away.
bool MayPass(const absl::Status& error) {
  return absl::IsResourceExhausted(error) || absl::IsUnavailable(error);
}

// Whether the exit code says that there is nothing more to do.
bool IsEnd(int code) {
  return code == static_cast<int>(ExitCode::kOk) || code == static_cast<int>(ExitCode::kStopped) ||
         code == static_cast<int>(ExitCode::kCancelled);
}

Message StartingAgain(const Message& failure, int64_t checkpoint) {
  return checkpoint == 0 ? MakeMessage("$0; starting again from the beginning", failure)
                         : MakeMessage("$0; starting again from step $1", failure, checkpoint);
}

Message Stopped(const std::string& run_dir, int64_t checkpoint) {
  return checkpoint == 0
             ? MakeMessage("stopped; the same command for $0 goes on from the beginning", run_dir)
             : MakeMessage("stopped; the same command for $0 goes on from step $1", run_dir,
                           checkpoint);
}

// Of mpirun's, as far as that is known.
int RanksHere(const Placement& placement) {
  return placement.host_file.empty() && placement.ranks > 1 ? placement.ranks : 0;
}

// How a start ended.
struct Ended {
  int code = 0;
  Failure failure;                // unless it is the end of the training
  std::vector<std::string> said;  // the trainer's lines of error
};

class Supervisor {
 public:
  Supervisor(const SupervisedRun& run, std::unique_ptr<ClaimedDirectory> directory)
      : run_(run),
        directory_(std::move(directory)),
        chronicle_(run.run_dir),
        places_(run, directory_->mark(), chronicle_),
        patience_(run.max_restarts) {}

  // Once, then Run.
  absl::Status Check();
  absl::StatusOr<ExitCode> Run();

 private:
  absl::StatusOr<Placement> Place();
  absl::StatusOr<Ended> StartOnce();
  void PauseBeforeNext() const;
  int64_t NewestCheckpoint() const;
  ExitCode Refuse(const Ended& ended) const;
  ExitCode GiveUp(const Ended& ended, const Message& why);
  void TellCoordinator() const;
  void TellOfRestart(const Failure& failure, int64_t checkpoint);
  ExitCode EndAsWished() const;
  std::string PathIn(const char* name) const { return run::PathIn(run_.run_dir, name); }

  const SupervisedRun run_;
  const std::unique_ptr<ClaimedDirectory> directory_;
  Chronicle chronicle_;
  Places places_;
  Patience patience_;
};

absl::Status Supervisor::Check() {
  const bool goes_on = PathExists(PathIn(run::kSummaryFile)) && !run_.check_only;
  absl::Status checked = places_.Check(goes_on);
  if (checked.ok()) checked = directory_->CheckNoTrainer();
  if (!checked.ok()) directory_->Abandon();
  return checked;
}

absl::StatusOr<ExitCode> Supervisor::Run() {
  if (run_.check_only) {
    directory_->Abandon();
    return ExitCode::kOk;
  }
  for (;;) {
    const absl::StatusOr<Ended> ended = StartOnce();
    if (!ended.ok() || IsEnd(ended->code)) directory_->Abandon();
    CONVOY_RETURN_IF_ERROR(ended.status());
    if (IsEnd(ended->code)) return static_cast<ExitCode>(ended->code);
    if (Wishes() > 0) return EndAsWished();
    if (ended->failure.cause == Cause::kInput && !ended->said.empty()) return Refuse(*ended);
    const int64_t checkpoint = NewestCheckpoint();
    const std::optional<Message> enough = patience_.Fail(ended->failure.cause, checkpoint);
    if (enough) return GiveUp(*ended, *enough);
    TellOfRestart(ended->failure, checkpoint);
    PauseBeforeNext();
    if (Wishes() > 0) return EndAsWished();
  }
}

absl::StatusOr<Ended> Supervisor::StartOnce() {
  Attempt attempt(run_.run_dir, directory_->mark(), chronicle_);
  attempt.Begin();
  const absl::StatusOr<Placement> placement = Place();
  Ended ended;
  if (MayPass(placement.status())) {
    ended.code = static_cast<int>(ExitCode::kFailed);
    ended.failure = {Cause::kOutside, i18n::MessageOf(placement.status())};
    return ended;
  }
  CONVOY_RETURN_IF_ERROR(placement.status());
  const Launch launch = LaunchOf(run_, *placement, OwnEnvironment(), directory_->mark());
  CONVOY_ASSIGN_OR_RETURN(ended.code, attempt.Run(launch, RanksHere(*placement)));
  CONVOY_RETURN_IF_ERROR(directory_->EndProcesses());
  if (IsEnd(ended.code)) return ended;
  ended.said = attempt.said();
  const Message launcher =
      places_.by_mpirun() ? i18n::AsItIs("mpirun") : MakeMessage("the trainer");
  ended.failure = Explain(ended.code, launcher, attempt.errors(), attempt.said(), run_.run_dir);
  if (!attempt.ended_because().empty()) {
    ended.failure = {Cause::kOutside, attempt.ended_because()};
  }
  return ended;
}

// From its return on no earlier start may write.
absl::StatusOr<Placement> Supervisor::Place() {
  CONVOY_ASSIGN_OR_RETURN(Placement placement, places_.Next());
  directory_->AwaitLock();
  placement.start = run::NewStartName();
  CONVOY_RETURN_IF_ERROR(run::BeginStart(run_.run_dir, placement.start));
  return placement;
}

// Its step; 0: there is none. Where rank 0 is elsewhere, and shares no directory with this machine,
// what its host had at the last look.
int64_t Supervisor::NewestCheckpoint() const {
  const std::vector<int64_t> steps = formats::CheckpointSteps(PathIn(run::kCheckpoints));
  return steps.empty() ? places_.newest_checkpoint() : steps.front();
}

void Supervisor::TellOfRestart(const Failure& failure, int64_t checkpoint) {
  const Message line = StartingAgain(failure.what, checkpoint);
  chronicle_.Note(line);
  chronicle_.Add(run::RunEventKind::kRestarted, line);
}

void Supervisor::PauseBeforeNext() const {
  const auto end = steady_clock::now() + patience_.Pause();
  while (steady_clock::now() < end && Wishes() == 0) std::this_thread::sleep_for(kWishPoll);
}

// The trainer has said what is wrong with its input.
ExitCode Supervisor::Refuse(const Ended& ended) const {
  std::fputs((Printable(ended.said.front()) + "\n").c_str(), stderr);
  directory_->Abandon();
  return ExitCode::kUsage;
}

ExitCode Supervisor::GiveUp(const Ended& ended, const Message& why) {
  const Message line = MakeMessage("$0; gave up: $1", ended.failure.what, why);
  chronicle_.Error(line);
  chronicle_.Add(run::RunEventKind::kGaveUp, line);
  auto summary = run::ReadSummary(run_.run_dir);
  if (summary.ok() && summary->state == run::RunState::kRunning) {
    summary->state = run::RunState::kFailed;
    summary->error = line.english;
    summary->end_time = absl::Now();
    WriteFileAtomically(PathIn(run::kSummaryFile), run::ToJson(*summary)).IgnoreError();
  }
  if (summary.ok()) TellCoordinator();
  return ended.code == static_cast<int>(ExitCode::kHung) ? ExitCode::kHung : ExitCode::kFailed;
}

// Which has heard nothing since the last trainer died. The trainer knows how to talk to it, and
// whether there is one.
void Supervisor::TellCoordinator() const {
  Launch launch{.command = {run_.trainer}, .environment = OwnEnvironment(), .log = ""};
  launch.command.insert(launch.command.end(), run_.flags.begin(), run_.flags.end());
  launch.command.push_back(run_.report_only);
  launch.environment.push_back(directory_->mark());
  const auto child = Child::Start(launch, [](const std::string& line) {
    std::fputs((Printable(line) + "\n").c_str(), stderr);
  });
  if (!child.ok()) return;  // why it gave up is said
  const auto end = steady_clock::now() + kLongestReport;
  const int wishes = Wishes();
  while (!(*child)->Wait(kWishPoll) && steady_clock::now() < end && Wishes() == wishes) {
  }
}

// The ranks are gone, but did not end as they would by themselves.
ExitCode Supervisor::EndAsWished() const {
  const int64_t checkpoint = NewestCheckpoint();
  chronicle_.Note(Stopped(run_.run_dir, checkpoint));
  return checkpoint == 0 ? ExitCode::kFailed : ExitCode::kStopped;
}

}  // namespace

absl::StatusOr<ExitCode> Supervise(const SupervisedRun& run) {
  // Ranks whose mpirun was killed become children of this process, so it can wait for their end.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  HearWishes();
  CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<ClaimedDirectory> directory,
                          ClaimedDirectory::Claim(run.run_dir, run.resume));
  Supervisor supervisor(run, std::move(directory));
  CONVOY_RETURN_IF_ERROR(supervisor.Check());
  return supervisor.Run();
}

}  // namespace convoy::client
