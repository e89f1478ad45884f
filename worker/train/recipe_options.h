// The parts of a recipe that are off unless it names them: schedule, callbacks, label smoothing,
// augmentation, scaling of the learning rate, the exchange of 16 bits.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data/augmentation.h"
#include "common/optim/schedule.h"
#include "convoy/v1/recipe.pb.h"
#include "worker/step/exchange.h"
#include "worker/train/callbacks.h"

namespace convoy::train {

// Checked.
struct RecipeOptions {
  optim::ScheduleConfig schedule;
  std::optional<ReduceOnPlateauConfig> reduce_on_plateau;
  std::optional<EarlyStoppingConfig> early_stopping;
  float label_smoothing = 0;
  data::AugmentationConfig augmentation;
  double learning_rate_factor = 1;  // of the batch size, by learning_rate_scaling
  step::Exchange exchange = step::Exchange::kFloat32;

  // Whether the learning rate may change, so that the history tells it.
  bool learning_rate_changes() const {
    return schedule.kind != optim::ScheduleConfig::Kind::kConstant || schedule.warmup_epochs > 0 ||
           reduce_on_plateau.has_value();
  }
};

// Writes the default of every value that is not set into the parts that the recipe names, and into
// its optimizer. What it does not name stays away. REQUIRES: the number of epochs is set.
void FillOptionDefaults(v1::Recipe* recipe);

// Reads and checks the parts. Returns INVALID_ARGUMENT, naming the field, for a value that makes no
// sense, is for something else, or contradicts another.
absl::StatusOr<RecipeOptions> ReadOptions(const v1::Recipe& recipe);

}  // namespace convoy::train
