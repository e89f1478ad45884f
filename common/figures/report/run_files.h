// What a finished run left in its directory (docs/run_directory.md), as the report needs it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "common/evaluate/loaded_model.h"
#include "common/metrics/history.h"

namespace convoy::gallery {

struct RunFiles {
  std::string name;                // of the run: the directory's last part
  nlohmann::ordered_json summary;  // summary.json, an object
  std::string recipe;              // recipe.textproto
  metrics::History history;
  std::shared_ptr<const evaluate::LoadedModel> model;
};

// Returns the content of a history.json. Returns DATA_LOSS, naming `path`, if it is no object of
// equally long arrays of numbers; null counts as not a number.
absl::StatusOr<metrics::History> ParseHistory(const std::string& text, const std::string& path);

// Reads DIRECTORY/history.json. Returns NOT_FOUND if there is none, and ParseHistory's errors.
absl::StatusOr<metrics::History> ReadHistory(const std::string& directory);

// Reads a finished run. Returns NOT_FOUND, which says what is missing, if `directory` is no run or
// not finished, and DATA_LOSS if a file is not what a trainer writes.
absl::StatusOr<RunFiles> ReadRun(const std::string& directory);

}  // namespace convoy::gallery
