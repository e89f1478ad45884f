// Schedules: by what factor the learning rate is multiplied at each step.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace convoy::optim {

struct ScheduleConfig {
  enum class Kind { kConstant, kStep, kCosine };
  Kind kind = Kind::kConstant;
  double warmup_epochs = 0;  // every kind begins with these, if any
  double step_epochs = 0;    // kStep: epochs between two drops
  double step_factor = 0.1;  // kStep: what a drop multiplies by
  double decay_epochs = 0;   // kCosine: its end, counted from the start of training
  double final_factor = 0;   // kCosine: what it comes down to
};

// Returns INVALID_ARGUMENT, naming the recipe's field, if a value that the kind uses makes no
// sense.
absl::Status ValidateSchedule(const ScheduleConfig& config);

// Returns the factor of the step `step`, from 0; positive, at most 1. Thread-safe. With s the step,
// w the steps of the warm-up and d those of the decay:
//   warm-up      (s + 1) / w, for s < w
//   kConstant    1
//   kStep        step_factor ^ floor((s - w) / steps of step_epochs); Keras's ExponentialDecay with
//                staircase=True
//   kCosine      final_factor + (1 - final_factor) (1 + cos(pi (s - w) / (d - w))) / 2; as for the
//                last step from there on. Source: Loshchilov, Hutter, "SGDR: stochastic gradient
//                descent with warm restarts", ICLR 2017, without restarts; Keras's CosineDecay.
// Made of additions, multiplications and divisions alone: the same bits on every CPU.
double ScheduleFactor(const ScheduleConfig& config, int64_t step, int64_t steps_per_epoch);

}  // namespace convoy::optim
