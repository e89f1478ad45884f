// A finished run, read back from its directory: for a coordinator that was away when it ended.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/history.h"
#include "worker/report/observer.h"

namespace convoy::report {

struct FinishedRun {
  JobFacts facts;  // resumed_at_step: at the end
  metrics::History history;
  FinalReport result;
};

// Reads summary.json and history.json. Returns what ReadFile says, or DATA_LOSS for files that are
// not those of a run that succeeded.
absl::StatusOr<FinishedRun> ReadFinishedRun(const std::string& run_directory);

}  // namespace convoy::report
