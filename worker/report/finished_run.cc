#include "worker/report/finished_run.h"

#include <optional>
#include <utility>

#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/run/run_files.h"

namespace convoy::report {

absl::StatusOr<EndedRun> ReadEndedRun(const std::string& run_directory) {
  CONVOY_ASSIGN_OR_RETURN(run::Summary summary, run::ReadSummary(run_directory));
  const std::string path = run::PathIn(run_directory, run::kSummaryFile);
  if (summary.state == run::RunState::kRunning) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "$0: the run has not ended; `resume` goes on with it", path);
  }
  EndedRun run{.state = summary.state,
               .facts = std::move(summary.facts),
               .history = {},
               .result = {},
               .error = std::move(summary.error)};
  run.facts.resumed_at_step = summary.steps;
  absl::StatusOr<metrics::History> history = run::ReadHistory(run_directory);
  // There is none before the end of the first epoch.
  if (!history.ok() && !absl::IsNotFound(history.status())) return history.status();
  if (history.ok()) run.history = *std::move(history);
  if (run.state != run::RunState::kSucceeded) return run;
  if (summary.weights_sha256.empty() || !summary.test_loss || !summary.test_accuracy) {
    return TextError(absl::StatusCode::kDataLoss, "$0: is not that of a run that succeeded", path);
  }
  run.result = {.test_loss = *summary.test_loss,
                .test_accuracy = *summary.test_accuracy,
                .restored_epoch = std::nullopt,
                .weights_sha256 = std::move(summary.weights_sha256)};
  return run;
}

void Retell(const EndedRun& run, Observer& observer) {
  observer.OnStart(run.facts);
  switch (run.state) {
    case run::RunState::kSucceeded:
      return observer.OnFinished(run.result);
    case run::RunState::kStopped:
    case run::RunState::kCancelled:
      return observer.OnStopped(run.facts.resumed_at_step, run.state == run::RunState::kCancelled);
    default:
      return observer.OnFailed(run.error);
  }
}

}  // namespace convoy::report
