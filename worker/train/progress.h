// Where training stands, beside weights, optimizer and callbacks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/formats/checkpoint.h"
#include "common/metrics/history.h"
#include "worker/report/observer.h"
#include "worker/step/contribution.h"

namespace convoy::train {

// The same on every rank, but for the times. A checkpoint holds all of it.
struct Progress {
  formats::Position position;
  formats::MetricSums sums;  // of the unfinished epoch
  metrics::History history;  // of the finished epochs
  std::optional<formats::BestWeights> best;
  // Training time of the finished epochs and the unfinished one.
  std::vector<double> epoch_seconds = {0.0};
  int64_t restarts = 0;

  // Takes a step on so many images; `penalty` is the weights' before it, added to each image's
  // loss.
  void AddStep(const step::StepResult& result, int64_t images, double penalty);

  // Ends the epoch in progress, whose metrics these are.
  void FinishEpoch(metrics::EpochMetrics metrics);

  // Returns the loss and accuracy over the unfinished epoch's images so far.
  metrics::EpochMetrics TrainingMetrics() const;

  // Returns where training stands after a step.
  report::StepProgress Step() const;
};

// Returns 0 for a mean of nothing.
double Mean(double sum, int64_t count);

}  // namespace convoy::train
