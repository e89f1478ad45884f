#include "common/optim/schedule.h"

#include <algorithm>
#include <cmath>

#include "common/base/exact_trigonometry.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/optim/integer_power.h"

namespace convoy::optim {
namespace {

constexpr double kMostEpochs = 1e6;

double StepFactor(const ScheduleConfig& config, double after_warmup, double steps_per_epoch) {
  const double every = std::max(1.0, std::round(config.step_epochs * steps_per_epoch));
  const auto drops = static_cast<int64_t>(after_warmup / every);
  // Far below any learning rate that still moves a weight, but not zero.
  constexpr double kLeast = 1e-12;
  return std::max(kLeast, IntegerPower(config.step_factor, drops));
}

double CosineFactor(const ScheduleConfig& config, double step, double warmup,
                    double steps_per_epoch) {
  const double end = std::max(warmup + 1, std::round(config.decay_epochs * steps_per_epoch));
  const double part = (std::min(step, end - 1) - warmup) / (end - warmup);
  return config.final_factor + (1 - config.final_factor) * (1 + CosineOfHalfTurns(part)) / 2;
}

}  // namespace

absl::Status ValidateSchedule(const ScheduleConfig& config) {
  const auto epochs = [](double value) { return value >= 0 && value <= kMostEpochs; };
  if (!epochs(config.warmup_epochs)) {
    return InvalidArgumentTextError(
        "schedule.warmup_epochs: is $0; give a number of epochs, such as 1, or 0",
        config.warmup_epochs);
  }
  if (config.kind == ScheduleConfig::Kind::kStep) {
    if (!epochs(config.step_epochs) || config.step_epochs == 0) {
      return InvalidArgumentTextError(
          "schedule.step_epochs: is $0; give the epochs between two drops of the learning rate, "
          "such as 10",
          config.step_epochs);
    }
    if (!(config.step_factor > 0 && config.step_factor <= 1)) {
      return InvalidArgumentTextError(
          "schedule.step_factor: is $0; give a number above 0, up to 1, such as 0.1",
          config.step_factor);
    }
  }
  if (config.kind == ScheduleConfig::Kind::kCosine) {
    if (!epochs(config.decay_epochs) || config.decay_epochs == 0) {
      return InvalidArgumentTextError(
          "schedule.decay_epochs: is $0; give the epochs until the end of the decay",
          config.decay_epochs);
    }
    // The decay ends with the run unless the recipe says otherwise, so this is also said to those
    // who only asked for a shorter run.
    if (config.decay_epochs < config.warmup_epochs) {
      return InvalidArgumentTextError(
          "schedule.warmup_epochs: is $0, but the decay ends after epoch $1; train for more "
          "epochs, or warm up for fewer",
          config.warmup_epochs, config.decay_epochs);
    }
    if (!(config.final_factor >= 0 && config.final_factor <= 1)) {
      return InvalidArgumentTextError("schedule.final_factor: is $0; give a number from 0 to 1",
                                      config.final_factor);
    }
  }
  return absl::OkStatus();
}

double ScheduleFactor(const ScheduleConfig& config, int64_t step, int64_t steps_per_epoch) {
  const auto s = static_cast<double>(step);
  const auto epoch = static_cast<double>(steps_per_epoch);
  const double warmup = std::round(config.warmup_epochs * epoch);
  if (s < warmup) return (s + 1) / warmup;
  switch (config.kind) {
    case ScheduleConfig::Kind::kConstant:
      break;
    case ScheduleConfig::Kind::kStep:
      return StepFactor(config, s - warmup, epoch);
    case ScheduleConfig::Kind::kCosine:
      return CosineFactor(config, s, warmup, epoch);
  }
  return 1;
}

}  // namespace convoy::optim
