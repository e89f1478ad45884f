// A run that has ended, read back from its directory: for a coordinator that does not know of it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/history.h"
#include "common/run/summary.h"
#include "worker/report/observer.h"

namespace convoy::report {

struct EndedRun {
  run::RunState state = run::RunState::kFailed;  // any but kRunning
  JobFacts facts;                                // resumed_at_step: at the end
  metrics::History history;
  FinalReport result;  // of a success
  std::string error;   // of a failure
};

// Reads summary.json and history.json. Returns what ReadFile says, FAILED_PRECONDITION if the run
// has not ended, or DATA_LOSS for a success without its results.
absl::StatusOr<EndedRun> ReadEndedRun(const std::string& run_directory);

// Tells `observer` of it as if it had just ended.
void Retell(const EndedRun& run, Observer& observer);

}  // namespace convoy::report
