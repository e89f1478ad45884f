#include "client/supervise/claimed_directory.h"

#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "client/supervise/processes.h"
#include "client/supervise/scratch.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/run/run_files.h"
#include "common/run/start_file.h"

namespace convoy::client {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLockPoll{10};
// Between a trainer's last visible moment and the end of its lock.
constexpr std::chrono::seconds kLongestDeath{5};

}  // namespace

absl::StatusOr<std::unique_ptr<ClaimedDirectory>> ClaimedDirectory::Claim(const std::string& path,
                                                                          bool resume) {
  const bool exists = PathExists(path);
  if (exists && !resume && !PathExists(run::PathIn(path, run::kSupervisorLockFile))) {
    return TextError(absl::StatusCode::kAlreadyExists,
                     "run_dir: $0 exists already; `resume` goes on with it, or name another", path);
  }
  std::unique_ptr<ClaimedDirectory> claimed(new ClaimedDirectory(path, /*made=*/!exists));
  const absl::Status taken = claimed->Take();
  if (taken.ok()) return claimed;
  claimed->Abandon();
  return taken;
}

ClaimedDirectory::~ClaimedDirectory() {
  if (mark_.empty()) return;
  RemoveScratch(mark_);
  std::error_code ignored;  // it costs room, no more
  std::filesystem::remove(run::PathIn(path_, run::kDataCacheFile), ignored);
}

absl::Status ClaimedDirectory::Take() {
  CONVOY_RETURN_IF_ERROR(Annotate(CreateDirectories(path_), "run_dir"));
  auto lock = FileLock::Take(run::PathIn(path_, run::kSupervisorLockFile));
  if (lock.ok() && !lock->has_value()) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "run_dir: another convoy run is at work in $0", path_);
  }
  if (!lock.ok()) return Annotate(lock.status(), "run_dir");
  lock_ = *std::move(lock);
  CONVOY_ASSIGN_OR_RETURN(mark_, MarkOf(path_));
  return EndProcesses();
}

absl::Status ClaimedDirectory::EndProcesses() {
  CONVOY_RETURN_IF_ERROR(EndMarked(mark_));
  ended_ = steady_clock::now();
  RemoveScratch(mark_);
  return absl::OkStatus();
}

void ClaimedDirectory::AwaitLock() const {
  while (run::TrainerWorksIn(path_) && steady_clock::now() < ended_ + kLongestDeath) {
    std::this_thread::sleep_for(kLockPoll);
  }
  if (run::NewestStartHoldsLock(path_)) run::TakeLockAway(path_);
}

absl::Status ClaimedDirectory::CheckNoTrainer() const {
  AwaitLock();
  if (!run::TrainerWorksIn(path_)) return absl::OkStatus();
  return TextError(absl::StatusCode::kFailedPrecondition,
                   "run_dir: a trainer that convoy run has not started is at work in $0", path_);
}

void ClaimedDirectory::Abandon() const {
  if (!made_ || PathExists(run::PathIn(path_, run::kSummaryFile))) return;
  std::error_code ignored;  // there is nothing of value in it
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace convoy::client
