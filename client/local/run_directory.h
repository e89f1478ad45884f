// The directory that a training leaves (docs/run_directory.md), as somebody else reads it, also
// while it is still written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::client {

// Whether `named` has a slash or begins with a dot: a path, never a name at a coordinator.
bool IsPath(const std::string& named);

// Whether `named` means a directory on this computer and no name at a coordinator: it is a
// path, or a directory here that holds a summary.json.
bool IsLocalRun(const std::string& named);

// Returns the last part of the path: the run's name. "runs/a/" -> "a", "." -> the current one's.
std::string RunName(const std::string& directory);

// Whether a trainer works there now: it holds the lock. A run whose summary says "running" without
// one was killed.
bool TrainerWorksIn(const std::string& directory);

// Returns the run directories in `directory`, those whose summary was written last first. Returns
// NOT_FOUND if there is no such directory.
absl::StatusOr<std::vector<std::string>> ListRuns(const std::string& directory);

// Returns the content of DIRECTORY/summary.json or history.json, an object each. Returns NOT_FOUND
// if `directory` is none or no run; DATA_LOSS if the file is not what a trainer writes. Errors name
// the file.
absl::StatusOr<nlohmann::ordered_json> ReadRunSummary(const std::string& directory);
absl::StatusOr<nlohmann::ordered_json> ReadRunHistory(const std::string& directory);

}  // namespace convoy::client
