// What the training loop tells rank 0's observers: terminal, run directory, event files,
// coordinator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/i18n/message.h"
#include "common/metrics/history.h"
#include "common/metrics/phase_seconds.h"
#include "common/run/job_facts.h"

namespace convoy::report {

using run::JobFacts;

// Where training stands after a step.
struct StepProgress {
  int64_t epoch = 0;          // from 0
  int64_t step_in_epoch = 0;  // steps done
  int64_t global_step = 0;    // steps done since the start
  double loss = 0;            // mean over the epoch's images so far
  double accuracy = 0;        // likewise
  double images_per_second = 0;
};

struct EpochReport {
  int64_t epoch = 0;  // from 0
  double train_seconds = 0;
  double validation_seconds = 0;
  int64_t train_images = 0;
  metrics::EpochMetrics metrics;
  std::vector<metrics::PhaseSeconds> phases;  // of each rank, since this process started
  int64_t peak_rss_bytes = 0;                 // of the largest rank
};

// How a job ended.
struct FinalReport {
  double test_loss = 0;
  double test_accuracy = 0;
  std::optional<int64_t> restored_epoch;  // from 0: the model is that epoch's, not the last's
  std::string weights_sha256;
};

// Called on rank 0's training thread, in order; must not block for long.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnStart(const JobFacts& facts) {}
  virtual void OnEpochStart(int64_t epoch, int64_t step_in_epoch) {}
  virtual void OnStep(const StepProgress& progress) {}
  virtual void OnEpoch(const EpochReport& report) {}
  // A line about what was decided after the epoch.
  virtual void OnNotice(const i18n::Message& line) {}
  // Stopped on request after so many steps, or cancelled; their checkpoint is on the disk.
  virtual void OnStopped(int64_t global_step, bool cancelled) {}
  virtual void OnFinished(const FinalReport& report) {}
  virtual void OnFailed(const std::string& error) {}
};

}  // namespace convoy::report
