// summary.json: what a run was and how it went; a contract (docs/run_directory.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/metrics/phase_seconds.h"
#include "worker/report/job_facts.h"

namespace convoy::report {

enum class RunState { kRunning, kSucceeded, kFailed, kStopped, kCancelled };

// Returns "running", "succeeded", ...
std::string RunStateName(RunState state);

struct Summary {
  RunState state = RunState::kRunning;
  std::string error;  // of a failed run
  JobFacts facts;
  int64_t steps = 0;  // done since the start of the run
  double train_seconds = 0;
  double train_images_per_second = 0;
  double wall_seconds = 0;
  int64_t peak_rss_bytes = 0;
  std::optional<double> test_loss;
  std::optional<double> test_accuracy;
  std::optional<double> validation_accuracy;
  std::string weights_sha256;                        // empty until the end
  std::vector<metrics::PhaseSeconds> phase_seconds;  // of each rank
};

// Returns the file's content. What is not known yet is null.
std::string SummaryToJson(const Summary& summary);

// Returns the state that a summary.json tells of, or "" if `json` is none.
std::string StateInSummary(const std::string& json);

}  // namespace convoy::report
