// history.json and history.csv: the metrics of the finished epochs (docs/run_directory.md).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/history.h"

namespace convoy::run {

// Returns Keras's History.history as JSON: {"loss": [...], "accuracy": [...], ...}. Every epoch
// must have the same metrics. Numbers are printed so that they read back to the same double; what
// is not finite becomes null.
std::string HistoryToJson(const metrics::History& history);

// Returns the history that HistoryToJson wrote; null is not a number. Returns DATA_LOSS, naming
// `path`, if `text` is not an object of equally long arrays of numbers.
absl::StatusOr<metrics::History> HistoryFromJson(const std::string& text, const std::string& path);

// Returns what Keras's CSVLogger writes: a header "epoch," and the metrics' names sorted, a line an
// epoch with the epoch counted from 0, lines ending in CR LF; "nan" and "inf" as Python has them.
std::string HistoryToCsv(const metrics::History& history);

}  // namespace convoy::run
