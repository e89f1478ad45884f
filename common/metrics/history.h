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

}  // namespace convoy::metrics
