#include "worker/report/run_directory.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::report {
namespace {

// Removes what a trainer that was killed left behind. A file that cannot be removed does no harm.
void RemoveTemporaryFiles(const std::string& path) {
  std::error_code error;
  std::vector<std::filesystem::path> leftovers;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::filesystem::path& file = entry->path();
    if (file.extension() == ".tmp" || run::IsOfOneStart(file.filename().string())) {
      leftovers.push_back(file);
    }
  }
  for (const std::filesystem::path& leftover : leftovers) {
    std::filesystem::remove(leftover, error);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunDirectory>> RunDirectory::Open(const std::string& path,
                                                                 bool resume) {
  if (PathExists(path) && !resume) {
    return absl::AlreadyExistsError(absl::StrCat(
        "run_dir: ", path, " exists already; `resume` goes on with it, or name another"));
  }
  absl::Status created = CreateDirectories(run::PathIn(path, run::kCheckpoints));
  if (!created.ok()) return Annotate(created, "run_dir");
  absl::StatusOr<std::optional<FileLock>> lock = FileLock::Take(run::PathIn(path, run::kLockFile));
  if (lock.ok() && !lock->has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("run_dir: another trainer is at work in ", path));
  }
  if (!lock.ok() && !absl::IsUnimplemented(lock.status())) {
    return Annotate(lock.status(), "run_dir");
  }
  RemoveTemporaryFiles(path);
  return std::unique_ptr<RunDirectory>(new RunDirectory(path, std::move(lock)));
}

RunDirectory::RunDirectory(std::string path, absl::StatusOr<std::optional<FileLock>> lock)
    : path_(std::move(path)), lock_(std::move(lock)), thread_([this] { Serve(); }) {
  if (!lock_.ok())
    Log(log::Level::kNote,
        absl::StrCat("no lock keeps a second trainer out: ", lock_.status().message()));
}

RunDirectory::~RunDirectory() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RunDirectory::Write(const std::string& name, std::string content) {
  Do([path = FilePath(name), content = std::move(content)] {
    return WriteFileAtomically(path, content);
  });
}

void RunDirectory::Log(log::Level level, std::string_view message) {
  Do([path = FilePath(run::kLogFile), line = log::Record(level, message)] {
    return AppendToFile(path, line + "\n");
  });
}

absl::Status RunDirectory::Flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return tasks_.empty() && !busy_; });
  return std::exchange(error_, absl::OkStatus());
}

void RunDirectory::Do(std::function<absl::Status()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void RunDirectory::Serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !tasks_.empty() || ending_; });
    if (tasks_.empty()) return;
    const std::function<absl::Status()> task = std::move(tasks_.front());
    tasks_.pop_front();
    busy_ = true;
    lock.unlock();
    const absl::Status status = task();
    lock.lock();
    busy_ = false;
    if (error_.ok()) error_ = status;
    changed_.notify_all();
  }
}

}  // namespace convoy::report
