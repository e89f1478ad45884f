// A training's event files as Keras's TensorBoard callback leaves them: runs train/ and validation/
// with the tags that its users look for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/formats/tensorboard/event_file.h"
#include "common/metrics/history.h"

namespace convoy::formats {

// Writes both runs, each begun by the first value for it, so that a training without validation
// leaves no empty run. Metrics have the names of Keras's history: those that begin with "val_" go
// to validation/ without that prefix, the others to train/. Steps are epochs, counted from 0.
// Thread-compatible. Errors: those of EventFile.
class KerasEvents {
 public:
  // `directory` is the runs' parent.
  explicit KerasEvents(const std::string& directory)
      : train_{directory + "/train", {}}, validation_{directory + "/validation", {}} {}

  // Goes on with the runs of a training that was stopped or killed after the epochs of `finished`.
  // Those of them that did not get into its files are added now; later ones that did are made void.
  // Call before all others.
  absl::Status Resume(double wall_seconds, const metrics::History& finished, double learning_rate);

  // Adds epoch_METRIC for all metrics and, to train/, epoch_learning_rate: the metric "lr", which a
  // history has where the rate changes, or else `learning_rate`.
  absl::Status AddEpoch(const EventTime& time, const metrics::EpochMetrics& metrics,
                        double learning_rate);

  // Adds a picture to train/.
  absl::Status AddImage(const EventTime& time, const std::string& tag, std::string_view png);

 private:
  struct Run {
    std::string directory;
    std::optional<EventFile> file;
  };

  static absl::Status Begin(double wall_seconds, Run* run);
  static absl::Status AddScalar(const EventTime& time, const std::string& tag, double value,
                                Run* run);

  Run train_;
  Run validation_;
};

}  // namespace convoy::formats
