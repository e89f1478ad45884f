#include "client/local/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr uint64_t kMaxJsonBytes = uint64_t{64} << 20;

absl::StatusOr<Json> ReadRunJson(const std::string& directory, const std::string& name) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(directory, unknown)) {
    return absl::NotFoundError(absl::StrCat(
        directory, ": no such directory; give one that a training left, such as runs/first"));
  }
  const std::string path = absl::StrCat(directory, "/", name);
  if (!PathExists(path)) {
    return absl::NotFoundError(absl::StrCat(directory, ": is no run directory, it has no ", name,
                                            "; give one that a training left, such as runs/first"));
  }
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxJsonBytes));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::DataLossError(absl::StrCat(path,
                                            ": is damaged, it holds no JSON object; train "
                                            "again, or go on with trainer --resume"));
  }
  return json;
}

// Whether every entry is a list of numbers, all of one length, as Keras's history is.
bool IsHistory(const Json& json) {
  return std::all_of(json.begin(), json.end(), [&json](const Json& values) {
    return values.is_array() && values.size() == json.begin()->size() &&
           std::all_of(values.begin(), values.end(),
                       [](const Json& value) { return value.is_number(); });
  });
}

}  // namespace

bool IsPath(const std::string& named) {
  return absl::StrContains(named, "/") || absl::StartsWith(named, ".");
}

bool IsLocalRun(const std::string& named) {
  return IsPath(named) || PathExists(absl::StrCat(named, "/summary.json"));
}

std::string RunName(const std::string& directory) {
  std::error_code unknown;
  std::filesystem::path path = std::filesystem::weakly_canonical(directory, unknown);
  if (unknown) path = directory;
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

bool TrainerWorksIn(const std::string& directory) {
  const int lock = ::open(absl::StrCat(directory, "/.lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return false;
  const bool taken = ::flock(lock, LOCK_SH | LOCK_NB) != 0;
  ::close(lock);
  return taken;
}

absl::StatusOr<std::vector<std::string>> ListRuns(const std::string& directory) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, std::string>> runs;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    std::error_code unknown;
    const fs::file_time_type time = fs::last_write_time(entry.path() / "summary.json", unknown);
    if (!unknown) runs.emplace_back(time, entry.path().string());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrCat(directory, ": ", error.message(), "; give the directory that holds the runs"));
  }
  std::sort(runs.rbegin(), runs.rend());
  std::vector<std::string> paths;
  for (auto& [time, path] : runs) paths.push_back(std::move(path));
  return paths;
}

absl::StatusOr<Json> ReadRunSummary(const std::string& directory) {
  return ReadRunJson(directory, "summary.json");
}

absl::StatusOr<Json> ReadRunHistory(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(Json history, ReadRunJson(directory, "history.json"));
  if (!IsHistory(history)) {
    return absl::DataLossError(
        absl::StrCat(directory,
                     "/history.json: is damaged, it holds no lists of numbers of one "
                     "length; trainer --resume writes it anew"));
  }
  return history;
}

}  // namespace convoy::client
