// Where training stands, beside weights, optimizer and callbacks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/formats/checkpoint.h"
#include "common/metrics/history.h"

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
};

}  // namespace convoy::train
