// summary.json: what a run was and how it went; a contract (docs/run_directory.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/metrics/phase_seconds.h"
#include "common/run/job_facts.h"

namespace convoy::run {

enum class RunState { kRunning, kSucceeded, kFailed, kStopped, kCancelled };

// Returns "running", "succeeded", ...
std::string RunStateName(RunState state);

struct Summary {
  RunState state = RunState::kRunning;
  std::string error;  // of a failed run
  // Without data_where, model_summary and resumed_at_step, which the file does not have.
  JobFacts facts;
  std::string version;     // of the trainer
  std::string git_commit;  // likewise
  // When the run ended, if it did; InfiniteFuture where unknown.
  absl::Time end_time = absl::InfiniteFuture();
  int64_t epoch = 0;  // in progress, from 1; the last one after its end; 0 before the first
  int64_t steps = 0;  // done since the start of the run
  // The newest of the training: means over the epoch's images so far, and the speed.
  std::optional<double> loss;
  std::optional<double> accuracy;
  double images_per_second = 0;
  double train_seconds = 0;
  double validation_seconds = 0;  // of the last finished epoch
  double train_images_per_second = 0;
  double wall_seconds = 0;
  int64_t peak_rss_bytes = 0;
  // Not numbers in a run that succeeded though its weights give no finite loss.
  std::optional<double> test_loss;
  std::optional<double> test_accuracy;
  std::optional<double> validation_accuracy;
  std::string weights_sha256;                        // empty until the end
  std::vector<metrics::PhaseSeconds> phase_seconds;  // of each rank
};

// Returns the file's content. What is not known yet is null. Text that is not UTF-8, such as a path
// in an error, has its wrong bytes replaced.
std::string ToJson(const Summary& summary);

// Returns what ToJson wrote, also an earlier version of it: a value that is missing or of another
// type is empty or 0, a number too large for its type is cut. Returns DATA_LOSS, naming `path`, if
// `text` is not an object with a state.
absl::StatusOr<Summary> SummaryFromJson(const std::string& text, const std::string& path);

}  // namespace convoy::run
