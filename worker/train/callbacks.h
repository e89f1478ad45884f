// What is decided at the end of an epoch: Keras's ReduceLROnPlateau and EarlyStopping.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/metrics/history.h"

namespace convoy::train {

// Keras's names and defaults.
struct ReduceOnPlateauConfig {
  std::string monitor = "val_loss";
  double factor = 0.1;
  int64_t patience = 10;
  double min_delta = 1e-4;
  int64_t cooldown = 0;
  double min_learning_rate = 0;
};

// Keras's names and defaults.
struct EarlyStoppingConfig {
  std::string monitor = "val_loss";
  int64_t patience = 0;
  double min_delta = 0;
  int64_t start_from_epoch = 0;
  bool restore_best_weights = false;
};

// The callbacks of a job. Decisions depend on the metrics alone, which are exact and the same on
// every rank, so all ranks decide alike without a message. Thread-compatible.
class Callbacks {
 public:
  // `learning_rate` is the recipe's.
  Callbacks(std::optional<ReduceOnPlateauConfig> plateau,
            std::optional<EarlyStoppingConfig> stopping, double learning_rate);

  // Takes the metrics of the epoch `epoch`, from 0, and decides. Returns Keras's lines about it.
  // REQUIRES: `metrics` has all that is monitored.
  std::vector<std::string> OnEpochEnd(int64_t epoch, const metrics::EpochMetrics& metrics);

  // What the schedule multiplies in the next epoch.
  double learning_rate() const { return learning_rate_; }
  bool stopped() const { return stopping_state_.stopped; }

  // Whether the trained model is to be that of the best epoch.
  bool keeps_best() const { return stopping_ && stopping_->restore_best_weights; }
  // The best epoch so far, from 0, and its value; -1 before the first.
  int64_t best_epoch() const { return stopping_state_.best_epoch; }
  double best_value() const { return stopping_state_.best; }
  const std::string& best_monitor() const { return stopping_->monitor; }

  // The state for a checkpoint, by name, and back. Load returns DATA_LOSS if `states` are not those
  // of these callbacks.
  std::map<std::string, std::string> Save() const;
  absl::Status Load(const std::map<std::string, std::string>& states);

 private:
  struct PlateauState {
    double best;
    int64_t wait = 0;
    int64_t cooldown = 0;
  };
  struct StoppingState {
    double best;
    int64_t best_epoch = -1;
    int64_t wait = 0;
    bool stopped = false;
  };

  void ReduceOnPlateau(int64_t epoch, double value, std::vector<std::string>* lines);
  void StopEarly(int64_t epoch, double value, std::vector<std::string>* lines);

  std::optional<ReduceOnPlateauConfig> plateau_;
  std::optional<EarlyStoppingConfig> stopping_;
  double learning_rate_;
  PlateauState plateau_state_;
  StoppingState stopping_state_;
};

// Returns the metrics that can be monitored.
const std::vector<std::string>& MonitoredMetrics();

}  // namespace convoy::train
