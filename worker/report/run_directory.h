// The directory that a run leaves behind. Files are written by a thread of its own, so that
// training does not wait for the disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/file_lock.h"
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

  // Has `task` called, in order with all other writes; what it returns counts as an error of
  // writing. It must not use this directory's methods.
  void Do(std::function<absl::Status()> task);

  // Waits until all is written. Returns the first error since the last Flush.
  absl::Status Flush();

 private:
  RunDirectory(std::string path, absl::StatusOr<std::optional<FileLock>> lock);

  void Serve();

  const std::string path_;
  const absl::StatusOr<std::optional<FileLock>>
      lock_;  // an error where the file system has no locks
  std::mutex mutex_;
  // The members below are guarded by mutex_.
  std::condition_variable changed_;
  std::deque<std::function<absl::Status()>> tasks_;
  bool busy_ = false;
  bool ending_ = false;
  absl::Status error_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace convoy::report
