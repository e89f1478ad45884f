#include "worker/report/run_directory.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/i18n/error_text.h"
#include "common/i18n/translate.h"
#include "common/run/start_file.h"

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
    return TextError(absl::StatusCode::kAlreadyExists,
                     "run_dir: $0 exists already; `resume` goes on with it, or name another", path);
  }
  absl::Status created = CreateDirectories(run::PathIn(path, run::kCheckpoints));
  if (!created.ok()) return Annotate(created, "run_dir");
  absl::StatusOr<std::optional<FileLock>> lock =
      FileLock::Take(run::PathIn(path, run::kLockFile), run::OwnStartName());
  if (lock.ok() && !lock->has_value()) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "run_dir: another trainer is at work in $0", path);
  }
  if (!lock.ok() && !absl::IsUnimplemented(lock.status())) {
    return Annotate(lock.status(), "run_dir");
  }
  RemoveTemporaryFiles(path);
  return std::unique_ptr<RunDirectory>(new RunDirectory(path, std::move(lock)));
}

RunDirectory::RunDirectory(std::string path, absl::StatusOr<std::optional<FileLock>> lock)
    : path_(std::move(path)), lock_(std::move(lock)) {
  if (!lock_.ok())
    Log(log::Level::kNote,
        absl::StrCat("no lock keeps a second trainer out: ", lock_.status().message()));
}

RunDirectory::~RunDirectory() = default;

void RunDirectory::Write(const std::string& name, std::string content) {
  executor_.Post([this, name, content = std::move(content)] {
    const absl::Status written = WriteFileAtomically(FilePath(name), content);
    failed_.erase(name);
    if (!written.ok()) failed_.emplace(name, written);
    Tell(name, written);
    return absl::OkStatus();
  });
}

void RunDirectory::Log(log::Level level, std::string_view message) {
  executor_.Post([this, line = log::Record(level, message)] {
    Tell(run::kLogFile, AppendToFile(FilePath(run::kLogFile), line + "\n"));
    return absl::OkStatus();
  });
}

void RunDirectory::Do(std::function<absl::Status()> task) {
  executor_.Post([this, task = std::move(task)] {
    Tell("", task());
    return absl::OkStatus();
  });
}

void RunDirectory::Wait() {
  executor_.Run([] { return absl::OkStatus(); }).IgnoreError();
}

absl::Status RunDirectory::Flush() {
  return executor_.Run([this] {
    const auto failed = std::exchange(failed_, {});
    return failed.empty() ? absl::OkStatus() : failed.begin()->second;
  });
}

void RunDirectory::Tell(const std::string& name, const absl::Status& error) {
  if (error.ok() || !told_.insert(name).second) return;
  log::Note(Tr("the run directory is behind: $0; training goes on, make room or rights there",
               i18n::InUsersLanguage(error)));
}

}  // namespace convoy::report
