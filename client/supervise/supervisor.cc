// One start after another: the trainer, or mpirun with the trainers. What must be known between two
// starts, of one supervisor or of the next, lies in the run directory: the checkpoints, and what
// the ranks said before they died. Nothing is started before all processes of earlier starts are
// gone, so no two of them ever write there.
#include "client/supervise/supervisor.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/process/child.h"
#include "client/process/wishes.h"
#include "client/supervise/failure.h"
#include "client/supervise/host_pool.h"
#include "client/supervise/launch.h"
#include "client/supervise/network.h"
#include "client/supervise/patience.h"
#include "client/supervise/processes.h"
#include "client/supervise/remote.h"
#include "client/supervise/scratch.h"
#include "common/base/file_lock.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/formats/checkpoint_store.h"
#include "common/log/log.h"
#include "common/run/events_file.h"
#include "common/run/run_files.h"
#include "common/run/start_file.h"

namespace convoy::client {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick{50};
constexpr std::chrono::seconds kLook{1};
// A trainer that does not answer a signal yet is asked after this at the latest.
constexpr std::chrono::seconds kLongestStart{10};
// Twice the time after which the trainer's own watchdog names a process that does not run.
constexpr double kStoppedPatience = 2 * 30;
// A start that has a failed rank ends after this at the latest.
constexpr std::chrono::seconds kLongestEnd{2};
// Between a trainer's last visible moment and the end of its lock.
constexpr std::chrono::seconds kLongestDeath{5};
constexpr size_t kMaxErrorBytes = 1 << 20;
constexpr int64_t kScratchBytesPerRank = 6 << 20;

// Zero: hangs are not looked for.
std::chrono::duration<double> StoppedPatience() {
  const char* named = std::getenv("CONVOY_HANG_SECONDS");  // the trainer refuses what is no number
  double seconds = 0;
  if (named == nullptr || !absl::SimpleAtod(named, &seconds)) seconds = kStoppedPatience / 2;
  return std::chrono::duration<double>(2 * seconds);
}

// What tells of one start, and is out of date at the next: progress and last words.
std::vector<fs::path> FilesOfOneStart(const std::string& run_dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(run_dir, error), end; !error && entry != end;
       entry.increment(error)) {
    if (run::IsOfOneStart(entry->path().filename().string())) files.push_back(entry->path());
  }
  return files;
}

bool HasLastWords(const std::string& run_dir) {
  const std::vector<fs::path> files = FilesOfOneStart(run_dir);
  return std::any_of(files.begin(), files.end(),
                     [](const fs::path& file) { return file.filename() != run::kProgressFile; });
}

// One directory's supervisor.
class Supervisor {
 public:
  explicit Supervisor(const SupervisedRun& run) : run_(run), patience_(run.max_restarts) {
    if (run_.hosts.empty()) run_.ranks = std::max(run_.ranks, 1);
  }
  ~Supervisor();

  // Once, then Run.
  absl::Status Claim();
  absl::StatusOr<ExitCode> Run();

 private:
  absl::Status TakeDirectory();
  absl::Status CheckHosts();
  absl::StatusOr<Placement> Place();
  Placement PlaceHere();
  absl::StatusOr<Placement> PlaceOnHosts();
  absl::StatusOr<int> StartOnce();
  int WaitFor(Child& child);
  void PassOnWish(Child& child, steady_clock::time_point started);
  void EndStopped(steady_clock::time_point now);
  void EndLauncherThatHangs(Child& child, steady_clock::time_point now);
  void TakeError(const std::string& line);
  void BeginLauncherFile() const;
  absl::Status CleanUp();
  void AwaitLock() const;
  void PauseBeforeNext();

  int64_t NewestCheckpoint() const;
  std::string PathIn(const char* name) const { return run::PathIn(run_.run_dir, name); }
  void Tell(const std::string& line) const;
  void TellEvent(run::RunEventKind kind, const std::string& line);
  void WriteEvents();
  ExitCode GiveUp(int code, const Failure& failure, const std::string& why);
  ExitCode EndAsWished() const;
  void Abandon() const;

  SupervisedRun run_;
  Patience patience_;
  std::optional<FileLock> lock_;
  bool made_directory_ = false;
  std::string mark_;
  Wanted wanted_;                    // of other hosts
  std::unique_ptr<HostPool> hosts_;  // null: this machine alone
  steady_clock::time_point ended_;   // when the processes of earlier starts were gone here

  std::deque<run::RunEvent> unwritten_events_;

  // Of the start under way.
  std::string errors_;             // its standard error, as far as kept
  std::vector<std::string> said_;  // the trainer's lines of error in it
  int passed_on_ = 0;              // wishes
  steady_clock::time_point looked_;
  std::map<pid_t, steady_clock::time_point> stopped_since_;
  std::optional<steady_clock::time_point> failing_since_;
  std::string killed_;  // which process this supervisor killed, and why
};

Supervisor::~Supervisor() {
  if (hosts_ != nullptr) CleanHosts(hosts_->hosts(), wanted_);
  if (!mark_.empty()) RemoveScratch(mark_);
}

absl::Status Supervisor::Claim() {
  absl::Status taken = TakeDirectory();
  if (!taken.ok()) Abandon();
  return taken;
}

absl::Status Supervisor::TakeDirectory() {
  const bool exists = PathExists(run_.run_dir);
  if (exists && !run_.resume && !PathExists(PathIn(run::kSupervisorLockFile))) {
    return absl::AlreadyExistsError(absl::StrCat(
        "run_dir: ", run_.run_dir, " exists already; `resume` goes on with it, or name another"));
  }
  CONVOY_RETURN_IF_ERROR(Annotate(CreateDirectories(run_.run_dir), "run_dir"));
  made_directory_ = !exists;
  auto lock = FileLock::Take(PathIn(run::kSupervisorLockFile));
  if (lock.ok() && !lock->has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("run_dir: another convoy run is at work in ", run_.run_dir));
  }
  if (!lock.ok()) return Annotate(lock.status(), "run_dir");
  lock_ = *std::move(lock);
  CONVOY_ASSIGN_OR_RETURN(mark_, MarkOf(run_.run_dir));
  CONVOY_RETURN_IF_ERROR(CleanUp());
  CONVOY_RETURN_IF_ERROR(CheckHosts());
  AwaitLock();
  if (!run::TrainerWorksIn(run_.run_dir)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "run_dir: a trainer that convoy run has not started is at work in ", run_.run_dir));
}

// At the first start all hosts must be ready, or there is something to be mended. A run that goes
// on may have lost some of them before this supervisor was started.
absl::Status Supervisor::CheckHosts() {
  if (run_.hosts.empty()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(std::vector<Host> hosts, DealRanks(run_.hosts, run_.ranks));
  // Rank 0, which has the run directory, is here where this machine takes part.
  std::stable_partition(hosts.begin(), hosts.end(),
                        [](const Host& host) { return IsHere(host.name); });
  std::vector<std::string> names;
  for (const Host& host : hosts) names.push_back(host.name);
  if (run_.networks.empty()) {
    CONVOY_ASSIGN_OR_RETURN(run_.networks, NetworksTo(names));
  }
  if (!run_.networks.empty()) CONVOY_RETURN_IF_ERROR(InNetworks(run_.networks, "").status());
  wanted_ = {
      .trainer = fs::absolute(run_.trainer).string(), .mark = mark_, .networks = run_.networks};
  DescribeThisMachine(&wanted_);
  wanted_.scratch = MakeScratch(mark_, kScratchBytesPerRank);
  int ranks = 0;
  int ready = 0;
  std::string not_ready;
  for (const HostState& state : PrepareHosts(hosts, wanted_)) {
    const std::string& name = state.host.name;
    ranks += state.host.slots;
    log::Note(state.trouble.empty() ? absl::StrCat(name, ": ready, ", state.cores, " cores, ",
                                                   state.host.slots, " ranks")
                                    : absl::StrCat(name, ": NOT READY, it ", state.trouble));
    ready += state.trouble.empty() ? 1 : 0;
    if (!state.trouble.empty()) absl::StrAppend(&not_ready, not_ready.empty() ? "" : ", ", name);
  }
  const bool goes_on = ready > 0 && PathExists(PathIn(run::kSummaryFile)) && !run_.check_only;
  if (!not_ready.empty() && !goes_on) {
    return absl::FailedPreconditionError(
        absl::StrCat("not ready: ", not_ready, "; mend what is said above, or leave them out"));
  }
  if (run_.ranks == 0) run_.ranks = ranks;
  hosts_ = std::make_unique<HostPool>(hosts, [this](bool back, const std::string& line) {
    Tell(line);
    TellEvent(back ? run::RunEventKind::kHostBack : run::RunEventKind::kHostLost, line);
  });
  return absl::OkStatus();
}

// Whether another try may do better: a disk is full, a host away.
bool MayPass(const absl::Status& error) {
  return absl::IsResourceExhausted(error) || absl::IsUnavailable(error);
}

// Where the next start's ranks are. From its return on no earlier start may write. Returns
// UNAVAILABLE if no host is ready.
absl::StatusOr<Placement> Supervisor::Place() {
  CONVOY_ASSIGN_OR_RETURN(Placement placement, hosts_ == nullptr
                                                   ? absl::StatusOr<Placement>(PlaceHere())
                                                   : PlaceOnHosts());
  AwaitLock();
  placement.start = run::NewStartName();
  CONVOY_RETURN_IF_ERROR(run::BeginStart(run_.run_dir, placement.start));
  return placement;
}

Placement Supervisor::PlaceHere() {
  wanted_.scratch = MakeScratch(mark_, kScratchBytesPerRank * run_.ranks);
  return {.ranks = run_.ranks};
}

absl::StatusOr<Placement> Supervisor::PlaceOnHosts() {
  const std::vector<Host> ready = hosts_->Take(PrepareHosts(hosts_->hosts(), wanted_));
  if (ready.empty()) return absl::UnavailableError("no host is ready");
  int slots = 0;
  for (const Host& host : ready) slots += host.slots;
  const std::string file = PathIn(run::kHostFile);
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(file, HostFileOf(ready)));
  return Placement{.ranks = std::min(run_.ranks, slots), .host_file = file};
}

// Ends what is left of earlier starts on this machine, then removes what they left.
absl::Status Supervisor::CleanUp() {
  CONVOY_RETURN_IF_ERROR(EndMarked(mark_));
  ended_ = steady_clock::now();
  RemoveScratch(mark_);
  return absl::OkStatus();
}

// REQUIRES: no process of an earlier start is left wherever it can be reached. One that is dying
// has no environment any more, by which it could be found, some time before the system takes its
// lock. One on a host out of reach may hold it for ever, and can no longer write.
void Supervisor::AwaitLock() const {
  while (run::TrainerWorksIn(run_.run_dir) && steady_clock::now() < ended_ + kLongestDeath) {
    std::this_thread::sleep_for(kTick);
  }
  if (run::NewestStartHoldsLock(run_.run_dir)) run::TakeLockAway(run_.run_dir);
}

void Supervisor::TakeError(const std::string& line) {
  if (errors_.size() < kMaxErrorBytes) {
    absl::StrAppend(&errors_, line, "\n");
    AppendToFile(PathIn(run::kLauncherFile), line + "\n").IgnoreError();  // a full disk may pass
  }
  if (absl::StartsWith(line, "trainer: error: ")) {
    said_.push_back(line);
    if (absl::StrContains(line, " has not come to ")) failing_since_ = steady_clock::now();
  } else if (absl::StartsWith(line, "trainer: ")) {
    std::fputs((Printable(line) + "\n").c_str(), stderr);
  }
}

// The file has several starts, so that the reason of the first fault is still there; not all.
void Supervisor::BeginLauncherFile() const {
  const std::string path = PathIn(run::kLauncherFile);
  std::error_code unknown;
  if (fs::file_size(path, unknown) > kMaxErrorBytes && !unknown) fs::remove(path, unknown);
  AppendToFile(path, log::Record(log::Level::kInfo, "start") + "\n").IgnoreError();
}

absl::StatusOr<int> Supervisor::StartOnce() {
  errors_.clear();
  said_.clear();
  killed_.clear();
  stopped_since_.clear();
  BeginLauncherFile();
  failing_since_.reset();
  std::error_code ignored;
  for (const fs::path& old : FilesOfOneStart(run_.run_dir)) fs::remove(old, ignored);
  const absl::StatusOr<Placement> placement = Place();
  if (MayPass(placement.status())) {
    killed_ = std::string(placement.status().message());
    return static_cast<int>(ExitCode::kFailed);
  }
  CONVOY_RETURN_IF_ERROR(placement.status());
  const Launch launch = LaunchOf(run_, *placement, OwnEnvironment(), mark_, wanted_.scratch);
  const auto child = Child::Start(launch, [this](const std::string& line) { TakeError(line); });
  if (absl::IsNotFound(child.status()) && launch.command.front() == "mpirun") {
    return absl::NotFoundError(
        "mpirun is not there: install Open MPI (openmpi-bin), or train with one rank, whose "
        "threads use all cores");
  }
  CONVOY_RETURN_IF_ERROR(child.status());
  const int code = WaitFor(**child);
  CONVOY_RETURN_IF_ERROR(CleanUp());
  return code;
}

int Supervisor::WaitFor(Child& child) {
  const auto started = steady_clock::now();
  for (;;) {
    if (const std::optional<int> code = child.Wait(kTick)) return *code;
    PassOnWish(child, started);
    const auto now = steady_clock::now();
    if (now - looked_ < kLook) continue;
    looked_ = now;
    WriteEvents();
    EndStopped(now);
    EndLauncherThatHangs(child, now);
  }
}

// mpirun waits for the daemons of its hosts, also of one that is frozen and will never answer.
void Supervisor::EndLauncherThatHangs(Child& child, steady_clock::time_point now) {
  if (!failing_since_ && HasLastWords(run_.run_dir)) failing_since_ = now;
  if (!failing_since_ || now - *failing_since_ < kLongestEnd) return;
  child.Signal(SIGKILL);
}

void Supervisor::PassOnWish(Child& child, steady_clock::time_point started) {
  const int wishes = Wishes();
  if (wishes == 1 && passed_on_ == 0) {
    // Before, the signal would end it.
    const bool hears = run::TrainerWorksIn(run_.run_dir);
    if (!hears && steady_clock::now() - started < kLongestStart) return;
    Tell("stopping with a checkpoint (once more: at once)");
    child.Signal(SIGUSR1);  // mpirun passes it on to the ranks
    passed_on_ = 1;
  } else if (wishes > 1 && passed_on_ < 2) {
    child.Signal(SIGKILL);
    passed_on_ = 2;
  }
}

// The trainer's watchdogs notice a process that was stopped while it trained; here the others are,
// mpirun too, and those before and after. They never go on by themselves.
void Supervisor::EndStopped(steady_clock::time_point now) {
  const auto patience = StoppedPatience();
  if (patience.count() == 0) return;
  std::map<pid_t, steady_clock::time_point> stopped;
  for (const MarkedProcess& process : FindMarked(mark_)) {
    if (!process.stopped) continue;
    const auto known = stopped_since_.find(process.pid);
    stopped[process.pid] = known == stopped_since_.end() ? now : known->second;
    if (now - stopped[process.pid] < patience) continue;
    if (killed_.empty()) {
      killed_ = absl::StrCat(
          process.rank.empty() ? "process " + absl::StrCat(process.pid) : "rank " + process.rank,
          " was stopped (SIGSTOP) and did not go on");
    }
    ::kill(process.pid, SIGKILL);
  }
  stopped_since_ = std::move(stopped);
}

// Its step; 0: there is none.
int64_t Supervisor::NewestCheckpoint() const {
  const std::vector<int64_t> steps = formats::CheckpointSteps(PathIn(run::kCheckpoints));
  return steps.empty() ? 0 : steps.front();
}

std::string PlaceOf(int64_t checkpoint) {
  return checkpoint == 0 ? "the beginning" : absl::StrCat("step ", checkpoint);
}

void Supervisor::Tell(const std::string& line) const {
  log::Note(line);
  AppendToFile(PathIn(run::kLogFile), log::Record(log::Level::kNote, line) + "\n")
      .IgnoreError();  // a full disk does not keep the training from going on
}

void Supervisor::TellEvent(run::RunEventKind kind, const std::string& line) {
  unwritten_events_.push_back({.time = absl::Now(), .kind = kind, .message = Printable(line)});
  WriteEvents();
}

// Those for which there was no room wait until there is.
void Supervisor::WriteEvents() {
  while (!unwritten_events_.empty() &&
         run::AppendEvent(run_.run_dir, unwritten_events_.front()).ok()) {
    unwritten_events_.pop_front();
  }
}

void Supervisor::PauseBeforeNext() {
  const auto end = steady_clock::now() + patience_.Pause();
  while (steady_clock::now() < end && Wishes() == 0) std::this_thread::sleep_for(kTick);
}

// Leaves no directory behind where no training has begun.
void Supervisor::Abandon() const {
  if (!made_directory_ || PathExists(PathIn(run::kSummaryFile))) return;
  std::error_code ignored;  // there is nothing of value in it
  fs::remove_all(run_.run_dir, ignored);
}

ExitCode Supervisor::GiveUp(int code, const Failure& failure, const std::string& why) {
  if (failure.cause == Cause::kInput && !said_.empty()) {
    std::fputs((Printable(said_.front()) + "\n").c_str(), stderr);
    Abandon();
    return ExitCode::kUsage;
  }
  const std::string line = absl::StrCat(failure.what, "; gave up: ", why);
  log::Error(line);
  AppendToFile(PathIn(run::kLogFile), log::Record(log::Level::kError, line) + "\n").IgnoreError();
  TellEvent(run::RunEventKind::kGaveUp, line);
  auto summary = run::ReadSummary(run_.run_dir);
  if (summary.ok() && summary->state == run::RunState::kRunning) {
    summary->state = run::RunState::kFailed;
    summary->error = line;
    summary->end_time = absl::Now();
    WriteFileAtomically(PathIn(run::kSummaryFile), run::ToJson(*summary)).IgnoreError();
  }
  return code == static_cast<int>(ExitCode::kHung) ? ExitCode::kHung : ExitCode::kFailed;
}

// The ranks are gone, but did not end as they would by themselves.
ExitCode Supervisor::EndAsWished() const {
  const int64_t checkpoint = NewestCheckpoint();
  Tell(absl::StrCat("stopped; the same command for ", run_.run_dir, " goes on from ",
                    PlaceOf(checkpoint)));
  return checkpoint == 0 ? ExitCode::kFailed : ExitCode::kStopped;
}

// Whether the exit code says that there is nothing more to do.
bool IsEnd(int code) {
  return code == static_cast<int>(ExitCode::kOk) || code == static_cast<int>(ExitCode::kStopped) ||
         code == static_cast<int>(ExitCode::kCancelled);
}

absl::StatusOr<ExitCode> Supervisor::Run() {
  if (run_.check_only) {
    Abandon();
    return ExitCode::kOk;
  }
  for (;;) {
    const absl::StatusOr<int> ended = StartOnce();
    if (!ended.ok()) Abandon();
    CONVOY_ASSIGN_OR_RETURN(const int code, ended);
    if (IsEnd(code)) {
      Abandon();
      return static_cast<ExitCode>(code);
    }
    if (Wishes() > 0) return EndAsWished();
    Failure failure = Explain(code, run_.ranks > 1 || hosts_ != nullptr ? "mpirun" : "the trainer",
                              errors_, said_, run_.run_dir);
    if (!killed_.empty()) failure = {Cause::kOutside, killed_};
    const int64_t checkpoint = NewestCheckpoint();
    const std::optional<std::string> enough = patience_.Fail(failure.cause, checkpoint);
    if (enough) return GiveUp(code, failure, *enough);
    const std::string line =
        absl::StrCat(failure.what, "; starting again from ", PlaceOf(checkpoint));
    Tell(line);
    TellEvent(run::RunEventKind::kRestarted, line);
    PauseBeforeNext();
    if (Wishes() > 0) return EndAsWished();
  }
}

}  // namespace

absl::StatusOr<ExitCode> Supervise(const SupervisedRun& run) {
  // Ranks whose mpirun was killed become children of this process, so it can wait for their end.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  HearWishes();
  Supervisor supervisor(run);
  CONVOY_RETURN_IF_ERROR(supervisor.Claim());
  return supervisor.Run();
}

}  // namespace convoy::client
