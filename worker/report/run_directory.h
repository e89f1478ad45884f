// The directory that a run leaves behind. Files are written by a thread of its own, so that
// training does not wait for the disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/file_lock.h"
#include "common/base/serial_executor.h"
#include "common/log/log.h"
#include "common/run/run_files.h"

namespace convoy::report {

// Thread-compatible: owned by rank 0's training thread.
class RunDirectory {
 public:
  // Creates `path`, or takes it over if `resume` says that a run goes on there. Locks it for this
  // process. Returns ALREADY_EXISTS if it exists and resume is false, FAILED_PRECONDITION if
  // another trainer works in it, or what the system says if it cannot be written. Where the file
  // system has no locks it goes on without, and says so in the log.
  static absl::StatusOr<std::unique_ptr<RunDirectory>> Open(const std::string& path, bool resume);

  // Writes what is pending; an error is lost: call Flush before.
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string FilePath(const std::string& name) const { return run::PathIn(path_, name); }
  std::string checkpoints() const { return FilePath(run::kCheckpoints); }

  // Has a file replaced, atomically. In order with all other writes.
  void Write(const std::string& name, std::string content);

  // Has a record added to log.txt.
  void Log(log::Level level, std::string_view message);

  // Has `task` called, in order with all other writes. It must not use this directory's methods.
  void Do(std::function<absl::Status()> task);

  // Waits until all has been tried to be written; Flush has the errors.
  void Wait();

  // Waits until all is written. Returns the error of a file whose newest content could not be
  // written, if there is one since the last Flush. That log.txt or a task of Do failed is only told
  // of: a run is worth more than its log.
  absl::Status Flush();

 private:
  RunDirectory(std::string path, absl::StatusOr<std::optional<FileLock>> lock);

  // Runs on the executor: says at once, and once a file, that something could not be written.
  void Tell(const std::string& name, const absl::Status& error);

  const std::string path_;
  // An error where the file system has no locks.
  const absl::StatusOr<std::optional<FileLock>> lock_;
  std::set<std::string> told_;                  // only the executor's tasks use it
  std::map<std::string, absl::Status> failed_;  // likewise, and Flush while none runs
  SerialExecutor executor_;                     // last: its tasks use all of the above
};

}  // namespace convoy::report
