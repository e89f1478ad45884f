#include "client/models/model_path.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "common/base/files.h"
#include "common/i18n/translate.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

// Returns the checkpoint with the largest step, or "" if there is none.
std::string NewestCheckpoint(const std::string& directory) {
  std::string newest;
  std::error_code unknown;
  for (const auto& entry :
       std::filesystem::directory_iterator(run::PathIn(directory, run::kCheckpoints), unknown)) {
    if (entry.path().extension() == ".convoy") newest = std::max(newest, entry.path().string());
  }
  return newest;
}

}  // namespace

absl::StatusOr<std::string> ModelPath(const std::string& named) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(named, unknown)) {
    if (PathExists(named)) return named;
    return absl::NotFoundError(Tr(
        "$0: no such file; give a model (FILE.convoy) or a run directory that holds one", named));
  }
  const std::string path = run::PathIn(named, run::kModelFile);
  if (PathExists(path)) return path;
  const std::string newest = NewestCheckpoint(named);
  if (newest.empty()) {
    return absl::NotFoundError(
        Tr("$0: holds no model.convoy; give a run directory of a finished training", named));
  }
  return absl::NotFoundError(Tr(
      "$0: this training has not finished and left no model.convoy yet; its newest checkpoint is "
      "a model too: $1",
      named, newest));
}

}  // namespace convoy::client
