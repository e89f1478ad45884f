#include "worker/train/callbacks.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "convoy/v1/checkpoint.pb.h"

namespace convoy::train {
namespace {

constexpr char kPlateauName[] = "reduce_on_plateau";
constexpr char kStoppingName[] = "early_stopping";

bool IsToRise(const std::string& monitor) { return absl::EndsWith(monitor, "accuracy"); }

double WorstValue(const std::string& monitor) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return IsToRise(monitor) ? -kInfinity : kInfinity;
}

// Keras's test: better by more than min_delta.
bool IsBetter(const std::string& monitor, double value, double best, double min_delta) {
  return IsToRise(monitor) ? value - min_delta > best : value + min_delta < best;
}

double ValueOf(const metrics::EpochMetrics& metrics, const std::string& monitor) {
  const auto metric = std::find_if(metrics.begin(), metrics.end(),
                                   [&](const auto& entry) { return entry.first == monitor; });
  CONVOY_CHECK(metric != metrics.end());
  return metric->second;
}

absl::Status Contradiction() {
  return absl::DataLossError(
      "the checkpoint contradicts itself: its callbacks' state is not that of its "
      "recipe; remove it");
}

}  // namespace

Callbacks::Callbacks(std::optional<ReduceOnPlateauConfig> plateau,
                     std::optional<EarlyStoppingConfig> stopping, double learning_rate)
    : plateau_(std::move(plateau)),
      stopping_(std::move(stopping)),
      learning_rate_(learning_rate),
      plateau_state_{.best = plateau_ ? WorstValue(plateau_->monitor) : 0},
      stopping_state_{.best = stopping_ ? WorstValue(stopping_->monitor) : 0} {}

std::vector<std::string> Callbacks::OnEpochEnd(int64_t epoch,
                                               const metrics::EpochMetrics& metrics) {
  std::vector<std::string> lines;
  if (plateau_) ReduceOnPlateau(epoch, ValueOf(metrics, plateau_->monitor), &lines);
  if (stopping_) StopEarly(epoch, ValueOf(metrics, stopping_->monitor), &lines);
  return lines;
}

// Source: tf-keras, callbacks.py, ReduceLROnPlateau.on_epoch_end.
void Callbacks::ReduceOnPlateau(int64_t epoch, double value, std::vector<std::string>* lines) {
  PlateauState& state = plateau_state_;
  if (state.cooldown > 0) {
    --state.cooldown;
    state.wait = 0;
  }
  if (IsBetter(plateau_->monitor, value, state.best, plateau_->min_delta)) {
    state.best = value;
    state.wait = 0;
    return;
  }
  if (state.cooldown > 0) return;
  if (++state.wait < plateau_->patience) return;
  if (learning_rate_ <= plateau_->min_learning_rate) return;
  learning_rate_ = std::max(learning_rate_ * plateau_->factor, plateau_->min_learning_rate);
  state.cooldown = plateau_->cooldown;
  state.wait = 0;
  lines->push_back(absl::StrCat(
      "Epoch ", epoch + 1, ": ReduceLROnPlateau reducing learning rate to ", learning_rate_, "."));
}

// Source: tf-keras, callbacks.py, EarlyStopping.on_epoch_end.
void Callbacks::StopEarly(int64_t epoch, double value, std::vector<std::string>* lines) {
  StoppingState& state = stopping_state_;
  if (epoch < stopping_->start_from_epoch) return;
  if (state.best_epoch < 0) state.best_epoch = epoch;  // even if it is not a number
  ++state.wait;
  if (IsBetter(stopping_->monitor, value, state.best, stopping_->min_delta)) {
    state.best = value;
    state.best_epoch = epoch;
    state.wait = 0;
    return;
  }
  if (state.wait < stopping_->patience || epoch == 0) return;
  state.stopped = true;
  lines->push_back(absl::StrCat("Epoch ", epoch + 1, ": early stopping"));
}

std::map<std::string, std::string> Callbacks::Save() const {
  std::map<std::string, std::string> states;
  if (plateau_) {
    v1::ReduceOnPlateauState state;
    state.set_best(plateau_state_.best);
    state.set_wait(plateau_state_.wait);
    state.set_cooldown(plateau_state_.cooldown);
    state.set_learning_rate(learning_rate_);
    states[kPlateauName] = state.SerializeAsString();
  }
  if (stopping_) {
    v1::EarlyStoppingState state;
    state.set_best(stopping_state_.best);
    state.set_best_epoch(stopping_state_.best_epoch);
    state.set_wait(stopping_state_.wait);
    state.set_stopped(stopping_state_.stopped);
    states[kStoppingName] = state.SerializeAsString();
  }
  return states;
}

absl::Status Callbacks::Load(const std::map<std::string, std::string>& states) {
  const size_t expected = (plateau_ ? 1 : 0) + (stopping_ ? 1 : 0);
  if (states.size() != expected) return Contradiction();
  if (plateau_) {
    v1::ReduceOnPlateauState state;
    const auto found = states.find(kPlateauName);
    if (found == states.end() || !state.ParseFromString(found->second)) return Contradiction();
    if (!(state.learning_rate() > 0)) return Contradiction();
    plateau_state_ = {.best = state.best(), .wait = state.wait(), .cooldown = state.cooldown()};
    learning_rate_ = state.learning_rate();
  }
  if (stopping_) {
    v1::EarlyStoppingState state;
    const auto found = states.find(kStoppingName);
    if (found == states.end() || !state.ParseFromString(found->second)) return Contradiction();
    stopping_state_ = {.best = state.best(),
                       .best_epoch = state.best_epoch(),
                       .wait = state.wait(),
                       .stopped = state.stopped()};
  }
  return absl::OkStatus();
}

const std::vector<std::string>& MonitoredMetrics() {
  static const auto* names =
      new std::vector<std::string>{"val_loss", "val_accuracy", "loss", "accuracy"};
  return *names;
}

}  // namespace convoy::train
