#include "worker/report/finished_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/run/run_files.h"

namespace convoy::report {

absl::StatusOr<FinishedRun> ReadFinishedRun(const std::string& run_directory) {
  CONVOY_ASSIGN_OR_RETURN(run::Summary summary, run::ReadSummary(run_directory));
  FinishedRun run;
  CONVOY_ASSIGN_OR_RETURN(run.history, run::ReadHistory(run_directory));
  if (summary.state != run::RunState::kSucceeded || summary.weights_sha256.empty() ||
      !summary.test_loss || !summary.test_accuracy) {
    return absl::DataLossError(absl::StrCat(run::PathIn(run_directory, run::kSummaryFile),
                                            ": is not that of a run that succeeded"));
  }
  run.facts = std::move(summary.facts);
  run.facts.resumed_at_step = summary.steps;
  run.result = {.test_loss = *summary.test_loss,
                .test_accuracy = *summary.test_accuracy,
                .weights_sha256 = summary.weights_sha256};
  return run;
}

}  // namespace convoy::report
