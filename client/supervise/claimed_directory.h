// A run directory as its supervisor's own.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/file_lock.h"

namespace convoy::client {

// Nobody else supervises there as long as this lives, and no process of an earlier start is left on
// this machine. Thread-compatible.
class ClaimedDirectory {
 public:
  // Makes the directory if it is missing, and ends what is left of earlier starts on this machine.
  // Returns ALREADY_EXISTS for one that no supervisor has made, unless `resume`,
  // FAILED_PRECONDITION if another supervisor is at work there, what the system says if it cannot
  // be written, and DEADLINE_EXCEEDED as EndMarked.
  static absl::StatusOr<std::unique_ptr<ClaimedDirectory>> Claim(const std::string& path,
                                                                 bool resume);
  // Removes what MPI left on this machine.
  ~ClaimedDirectory();
  ClaimedDirectory(const ClaimedDirectory&) = delete;
  ClaimedDirectory& operator=(const ClaimedDirectory&) = delete;

  // The variable that all processes of the run get (processes.h).
  const std::string& mark() const { return mark_; }

  // Ends what is left of earlier starts on this machine, then removes what they left.
  absl::Status EndProcesses();

  // Returns once nobody of an earlier start holds the trainer's lock. REQUIRES: no process of an
  // earlier start is left wherever it can be reached. One that is dying has no environment any
  // more, by which it could be found, some time before the system takes its lock. One on a host out
  // of reach may hold it for ever, and can no longer write: its lock is taken away.
  void AwaitLock() const;

  // Returns FAILED_PRECONDITION if a trainer is at work there that no supervisor has started.
  absl::Status CheckNoTrainer() const;

  // Leaves no directory behind where no training has begun: removes it if it was made by Claim.
  void Abandon() const;

 private:
  ClaimedDirectory(std::string path, bool made) : path_(std::move(path)), made_(made) {}
  absl::Status Take();

  const std::string path_;
  const bool made_;
  std::optional<FileLock> lock_;
  std::string mark_;
  std::chrono::steady_clock::time_point ended_;  // when the processes of earlier starts were gone
};

}  // namespace convoy::client
