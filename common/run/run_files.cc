#include "common/run/run_files.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/file_lock.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/run/history_file.h"
#include "common/run/progress_file.h"

namespace convoy::run {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxTextBytes = uint64_t{256} << 20;

absl::StatusOr<std::string> ReadText(const std::string& directory, const std::string& name) {
  std::error_code unknown;
  if (!fs::is_directory(directory, unknown)) {
    return TextError(absl::StatusCode::kNotFound,
                     "$0: no such directory; give the directory of a training (trainer --run-dir), "
                     "such as runs/first",
                     directory);
  }
  absl::StatusOr<std::string> text = ReadFile(PathIn(directory, name), kMaxTextBytes);
  if (!absl::IsNotFound(text.status())) return text;
  return TextError(absl::StatusCode::kNotFound,
                   "$0: is no run directory, it has no $1; give the directory of a training "
                   "(trainer --run-dir), such as runs/first",
                   directory, name);
}

}  // namespace

std::string PathIn(const std::string& directory, const std::string& name) {
  return absl::StrCat(directory, absl::EndsWith(directory, "/") ? "" : "/", name);
}

std::string LastWordsFile(int rank) { return absl::StrCat("last_words.", rank); }

bool IsOfOneStart(const std::string& name) {
  return name == kProgressFile || absl::StartsWith(name, "last_words.");
}

bool IsPath(const std::string& named) {
  return absl::StrContains(named, "/") || absl::StartsWith(named, ".");
}

std::string RunName(const std::string& directory) {
  std::error_code unknown;
  fs::path path = fs::weakly_canonical(directory, unknown);
  if (unknown) path = directory;
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

bool TrainerWorksIn(const std::string& directory) { return IsLocked(PathIn(directory, kLockFile)); }

bool SupervisorWorksIn(const std::string& directory) {
  return IsLocked(PathIn(directory, kSupervisorLockFile));
}

std::string NewRunPath() {
  std::random_device random;  // a name, not part of any result
  const std::string time = absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone());
  std::string path;
  do {
    path = absl::StrFormat("runs/%s-%04x", time, random() & 0xffffu);
  } while (PathExists(path));
  return path;
}

absl::StatusOr<std::vector<std::string>> ListRuns(const std::string& directory) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, std::string>> runs;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    std::error_code unknown;
    const fs::file_time_type time = fs::last_write_time(entry.path() / kSummaryFile, unknown);
    if (!unknown) runs.emplace_back(time, entry.path().string());
  }
  if (error) {
    return TextError(absl::StatusCode::kNotFound, "$0: $1; give the directory that holds the runs",
                     directory, error.message());
  }
  std::sort(runs.rbegin(), runs.rend());
  std::vector<std::string> paths;
  for (auto& [time, path] : runs) paths.push_back(std::move(path));
  return paths;
}

absl::StatusOr<Summary> ReadSummary(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadText(directory, kSummaryFile));
  return SummaryFromJson(text, PathIn(directory, kSummaryFile));
}

absl::StatusOr<metrics::History> ReadHistory(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadText(directory, kHistoryFile));
  return HistoryFromJson(text, PathIn(directory, kHistoryFile));
}

absl::StatusOr<std::string> ReadRecipe(const std::string& directory) {
  return ReadText(directory, kRecipeFile);
}

int64_t ReadStepsDone(const std::string& directory) {
  const absl::StatusOr<std::string> text = ReadText(directory, kProgressFile);
  return text.ok() ? StepsDone(*text) : 0;
}

}  // namespace convoy::run
