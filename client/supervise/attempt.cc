// A loop that waits for the end of mpirun (or of the one trainer) and meanwhile looks, once a
// second, for what would keep it from ending: processes that were stopped, an mpirun that waits for
// a host that will never answer, and one that has missed the death of a rank. Everything else ends
// by itself.
#include "client/supervise/attempt.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/process/wishes.h"
#include "client/supervise/processes.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/log/log.h"
#include "common/run/hang_texts.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

namespace fs = std::filesystem;
using i18n::MakeMessage;
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
constexpr size_t kMaxErrorBytes = 1 << 20;

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

// The file has several starts, so that the reason of the first fault is still there; not all.
void BeginLauncherFile(const std::string& run_dir) {
  const std::string path = run::PathIn(run_dir, run::kLauncherFile);
  std::error_code unknown;
  if (fs::file_size(path, unknown) > kMaxErrorBytes && !unknown) fs::remove(path, unknown);
  AppendToFile(path, log::Record(log::Level::kInfo, "start") + "\n").IgnoreError();
}

i18n::Message NameOf(const MarkedProcess& process) {
  return process.rank.empty() ? MakeMessage("process $0", process.pid)
                              : MakeMessage("rank $0", process.rank);
}

}  // namespace

Attempt::Attempt(std::string run_dir, std::string mark, Chronicle& chronicle)
    : run_dir_(std::move(run_dir)), mark_(std::move(mark)), chronicle_(chronicle) {}

void Attempt::Begin() {
  BeginLauncherFile(run_dir_);
  std::error_code ignored;
  for (const fs::path& old : FilesOfOneStart(run_dir_)) fs::remove(old, ignored);
}

absl::StatusOr<int> Attempt::Run(const Launch& launch, int ranks) {
  for (int rank = 0; rank < ranks; ++rank) ranks_.insert(absl::StrCat(rank));
  const auto child = Child::Start(launch, [this](const std::string& line) { TakeError(line); });
  if (absl::IsNotFound(child.status()) && launch.command.front() == "mpirun") {
    return TextError(absl::StatusCode::kNotFound,
                     "mpirun is not there: install Open MPI (openmpi-bin), or train with one rank, "
                     "whose threads use all cores");
  }
  CONVOY_RETURN_IF_ERROR(child.status());
  return WaitFor(**child);
}

int Attempt::WaitFor(Child& child) {
  const auto started = steady_clock::now();
  for (;;) {
    if (const std::optional<int> code = child.Wait(kTick)) return *code;
    PassOnWish(child, started);
    const auto now = steady_clock::now();
    if (now - looked_ < kLook) continue;
    looked_ = now;
    chronicle_.WriteEvents();
    const std::vector<MarkedProcess> processes = FindMarked(mark_);
    EndStopped(processes, now);
    EndWithoutRank(child, processes, now);
    EndLauncherThatHangs(child, now);
  }
}

void Attempt::TakeError(const std::string& line) {
  if (errors_.size() < kMaxErrorBytes) {
    absl::StrAppend(&errors_, line, "\n");
    AppendToFile(run::PathIn(run_dir_, run::kLauncherFile), line + "\n")
        .IgnoreError();  // a full disk may pass
  }
  if (absl::StartsWith(line, "trainer: error: ")) {
    said_.push_back(line);
    if (run::TellsOfLateRank(line)) failing_since_ = steady_clock::now();
  } else if (absl::StartsWith(line, "trainer: ")) {
    std::fputs((Printable(line) + "\n").c_str(), stderr);
  }
}

void Attempt::PassOnWish(Child& child, TimePoint started) {
  const int wishes = Wishes();
  if (wishes == 1 && passed_on_ == 0) {
    // Before, the signal would end it.
    const bool hears = run::TrainerWorksIn(run_dir_);
    if (!hears && steady_clock::now() - started < kLongestStart) return;
    chronicle_.Note(MakeMessage("stopping with a checkpoint (once more: at once)"));
    child.Signal(SIGUSR1);  // mpirun passes it on to the ranks
    passed_on_ = 1;
  } else if (wishes > 1 && passed_on_ < 2) {
    child.Signal(SIGKILL);
    passed_on_ = 2;
  }
}

// The trainer's watchdogs notice a process that was stopped while it trained; here the others are,
// mpirun too, and those before and after. They never go on by themselves.
void Attempt::EndStopped(const std::vector<MarkedProcess>& processes, TimePoint now) {
  const auto patience = StoppedPatience();
  if (patience.count() == 0) return;
  std::map<pid_t, TimePoint> stopped;
  for (const MarkedProcess& process : processes) {
    if (!process.stopped) continue;
    const auto known = stopped_since_.find(process.pid);
    stopped[process.pid] = known == stopped_since_.end() ? now : known->second;
    if (now - stopped[process.pid] < patience) continue;
    if (ended_because_.empty()) {
      ended_because_ = MakeMessage("$0 was stopped (SIGSTOP) and did not go on", NameOf(process));
    }
    ::kill(process.pid, SIGKILL);
  }
  stopped_since_ = std::move(stopped);
}

// A training was once seen to wait for good after a rank had died; that mpirun missed the death
// while it started the others is the likeliest reason, as these wait in MPI_Init, before they have
// watchdogs. All begin and end together, so who is missing so long is gone.
void Attempt::EndWithoutRank(Child& child, const std::vector<MarkedProcess>& processes,
                             TimePoint now) {
  std::set<std::string> missing = ranks_;
  for (const MarkedProcess& process : processes) {
    if (process.rank.empty()) continue;
    ranks_.insert(process.rank);
    missing.erase(process.rank);
  }
  if (missing.empty()) return missing_since_.reset();
  if (!missing_since_) missing_since_ = now;
  const auto patience = StoppedPatience();
  if (patience.count() == 0 || now - *missing_since_ < patience) return;
  if (ended_because_.empty()) {
    ended_because_ = MakeMessage("rank $0 is gone, and mpirun missed it", *missing.begin());
  }
  child.Signal(SIGKILL);
}

// mpirun waits for the daemons of its hosts, also of one that is frozen and will never answer.
void Attempt::EndLauncherThatHangs(Child& child, TimePoint now) {
  if (!failing_since_ && HasLastWords(run_dir_)) failing_since_ = now;
  if (!failing_since_ || now - *failing_since_ < kLongestEnd) return;
  child.Signal(SIGKILL);
}

}  // namespace convoy::client
