// The metrics of each epoch, as Keras keeps them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace convoy::metrics {

// Metric names and values of one epoch, in order: loss, accuracy, val_loss, val_accuracy.
using EpochMetrics = std::vector<std::pair<std::string, double>>;

// One entry an epoch.
using History = std::vector<EpochMetrics>;

// Returns Keras's History.history as JSON: {"loss": [...], "accuracy": [...], ...}. Every epoch
// must have the same metrics. Numbers are printed so that they read back to the same double.
std::string HistoryToJson(const History& history);

// Returns what Keras's CSVLogger writes: a header "epoch," and the metrics' names sorted, a line an
// epoch with the epoch counted from 0, lines ending in CR LF.
std::string HistoryToCsv(const History& history);

}  // namespace convoy::metrics
