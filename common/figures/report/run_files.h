// What a finished run left in its directory, as the report needs it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/evaluate/loaded_model.h"
#include "common/metrics/history.h"
#include "common/run/labels_file.h"
#include "common/run/summary.h"

namespace convoy::gallery {

struct RunFiles {
  std::string directory;  // as it was named
  std::string name;       // of the run: the directory's last part
  run::Labels labels;     // none where they are damaged
  run::Summary summary;
  std::string recipe;  // recipe.textproto
  metrics::History history;
  std::shared_ptr<const evaluate::LoadedModel> model;
};

// Reads a finished run. Returns NOT_FOUND, which says what is missing, if `directory` is no run or
// not finished, and DATA_LOSS if a file is not what a trainer writes.
absl::StatusOr<RunFiles> ReadRun(const std::string& directory);

}  // namespace convoy::gallery
