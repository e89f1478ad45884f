// The parts of a recipe that change how training goes on from step to step: schedules, callbacks,
// label smoothing, augmentation, the exchange's numbers, and the learning rate's scaling with the
// batch (the linear scaling rule, Goyal et al. 2017, or its square root).
#include "worker/train/recipe_options.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/i18n/translate.h"
#include "common/optim/optimizer.h"
#include "common/recipes/exchange.h"

namespace convoy::train {
namespace {

constexpr int64_t kMostEpochs = 1000000;

// A word that is none of `known`. Both texts have $0 for the field, $1 for the word and $2 for what
// is known; `with_guess` has $3 for the nearest of it, too.
absl::Status UnknownWord(const char* text, const char* with_guess, std::string_view field,
                         const std::string& word, const std::vector<std::string>& known) {
  const std::string near = NearestName(word, known);
  return InvalidArgumentTextError(near.empty() ? text : with_guess, std::string(field), word,
                                  absl::StrJoin(known, ", "), near);
}

absl::Status RequireEpochs(std::string_view field, int64_t value, int64_t least) {
  if (value >= least && value <= kMostEpochs) return absl::OkStatus();
  return TextError(absl::StatusCode::kInvalidArgument, "$0: must be from $1 to $2, not $3",
                   std::string(field), least, kMostEpochs, value);
}

absl::Status RequireNotNegative(std::string_view field, double value) {
  if (value >= 0 && std::isfinite(value)) return absl::OkStatus();
  return InvalidArgumentTextError("$0: must be 0 or a positive number, not $1", std::string(field),
                                  value);
}

absl::Status CheckMonitor(std::string_view field, const std::string& monitor,
                          double validation_split) {
  const std::vector<std::string>& known = MonitoredMetrics();
  if (std::find(known.begin(), known.end(), monitor) == known.end()) {
    return UnknownWord(Marked("$0: unknown metric '$1' (known: $2)"),
                       Marked("$0: unknown metric '$1'; did you mean '$3'? (known: $2)"), field,
                       monitor, known);
  }
  if (validation_split == 0 && monitor.rfind("val_", 0) == 0) {
    return InvalidArgumentTextError(
        "$0: is $1, but no images are held out for it; set `validation_split`, or monitor $2",
        std::string(field), monitor, monitor.substr(4));
  }
  return absl::OkStatus();
}

// A value that belongs to another kind of schedule is a mistake that would go unseen.
absl::Status CheckFieldsOfKind(const v1::ScheduleRecipe& schedule) {
  const auto refuse = [](const char* field, const char* kind) {
    return InvalidArgumentTextError("$0: is for schedule.name: \"$1\" only", field, kind);
  };
  if (schedule.name() != "step") {
    if (schedule.has_step_epochs()) return refuse("schedule.step_epochs", "step");
    if (schedule.has_step_factor()) return refuse("schedule.step_factor", "step");
  }
  if (schedule.name() != "cosine") {
    if (schedule.has_decay_epochs()) return refuse("schedule.decay_epochs", "cosine");
    if (schedule.has_final_factor()) return refuse("schedule.final_factor", "cosine");
  }
  return absl::OkStatus();
}

absl::StatusOr<optim::ScheduleConfig> ReadSchedule(const v1::ScheduleRecipe& recipe) {
  using Kind = optim::ScheduleConfig::Kind;
  optim::ScheduleConfig config{.warmup_epochs = recipe.warmup_epochs(),
                               .step_epochs = recipe.step_epochs(),
                               .step_factor = recipe.step_factor(),
                               .decay_epochs = recipe.decay_epochs(),
                               .final_factor = recipe.final_factor()};
  if (recipe.name() == "constant") {
    config.kind = Kind::kConstant;
  } else if (recipe.name() == "step") {
    config.kind = Kind::kStep;
  } else if (recipe.name() == "cosine") {
    config.kind = Kind::kCosine;
  } else {
    return UnknownWord(Marked("$0: unknown schedule '$1' (known: $2)"),
                       Marked("$0: unknown schedule '$1'; did you mean '$3'? (known: $2)"),
                       "schedule.name", recipe.name(), {"constant", "step", "cosine"});
  }
  CONVOY_RETURN_IF_ERROR(CheckFieldsOfKind(recipe));
  CONVOY_RETURN_IF_ERROR(optim::ValidateSchedule(config));
  return config;
}

absl::StatusOr<ReduceOnPlateauConfig> ReadPlateau(const v1::ReduceOnPlateauRecipe& recipe,
                                                  double validation_split) {
  CONVOY_RETURN_IF_ERROR(
      CheckMonitor("reduce_on_plateau.monitor", recipe.monitor(), validation_split));
  if (!(recipe.factor() > 0 && recipe.factor() < 1)) {
    return InvalidArgumentTextError("reduce_on_plateau.factor: must be above 0 and below 1, not $0",
                                    recipe.factor());
  }
  CONVOY_RETURN_IF_ERROR(RequireEpochs("reduce_on_plateau.patience", recipe.patience(), 1));
  CONVOY_RETURN_IF_ERROR(RequireEpochs("reduce_on_plateau.cooldown", recipe.cooldown(), 0));
  CONVOY_RETURN_IF_ERROR(RequireNotNegative("reduce_on_plateau.min_delta", recipe.min_delta()));
  CONVOY_RETURN_IF_ERROR(
      RequireNotNegative("reduce_on_plateau.min_learning_rate", recipe.min_learning_rate()));
  return ReduceOnPlateauConfig{.monitor = recipe.monitor(),
                               .factor = recipe.factor(),
                               .patience = recipe.patience(),
                               .min_delta = recipe.min_delta(),
                               .cooldown = recipe.cooldown(),
                               .min_learning_rate = recipe.min_learning_rate()};
}

absl::StatusOr<EarlyStoppingConfig> ReadEarlyStopping(const v1::EarlyStoppingRecipe& recipe,
                                                      double validation_split) {
  CONVOY_RETURN_IF_ERROR(
      CheckMonitor("early_stopping.monitor", recipe.monitor(), validation_split));
  CONVOY_RETURN_IF_ERROR(RequireEpochs("early_stopping.patience", recipe.patience(), 0));
  CONVOY_RETURN_IF_ERROR(
      RequireEpochs("early_stopping.start_from_epoch", recipe.start_from_epoch(), 0));
  CONVOY_RETURN_IF_ERROR(RequireNotNegative("early_stopping.min_delta", recipe.min_delta()));
  return EarlyStoppingConfig{.monitor = recipe.monitor(),
                             .patience = recipe.patience(),
                             .min_delta = recipe.min_delta(),
                             .start_from_epoch = recipe.start_from_epoch(),
                             .restore_best_weights = recipe.restore_best_weights()};
}

// The batch size that a learning rate is meant for, where it is scaled: the notebook's.
constexpr double kBaseBatchSize = 128;

absl::StatusOr<double> LearningRateFactor(const std::string& rule, int batch_size) {
  const double ratio = batch_size / kBaseBatchSize;
  if (rule.empty() || rule == "none") return 1;
  if (rule == "linear") return ratio;
  if (rule == "sqrt") return std::sqrt(ratio);
  return UnknownWord(Marked("$0: unknown rule '$1' (known: $2)"),
                     Marked("$0: unknown rule '$1'; did you mean '$3'? (known: $2)"),
                     "learning_rate_scaling", rule, {"linear", "sqrt", "none"});
}

absl::StatusOr<step::Exchange> ReadExchange(const v1::Recipe& recipe) {
  const std::string& word = recipe.exchange();
  std::vector<std::string> known;
  for (const step::Exchange exchange : {step::Exchange::kFloat32, step::Exchange::kBfloat16}) {
    known.emplace_back(recipes::ExchangeName(exchange));
    if (word != known.back() && !word.empty()) continue;
    if (step::Rounds(exchange) && recipe.reduce() == "mpi") {
      return InvalidArgumentTextError(
          "exchange: $0 is for the exact reduction, as MPI adds floats; set `reduce` to exact",
          word);
    }
    return exchange;
  }
  return UnknownWord(Marked("$0: unknown number format '$1' (known: $2)"),
                     Marked("$0: unknown number format '$1'; did you mean '$3'? (known: $2)"),
                     "exchange", word, known);
}

// Sets a field that is not set.
#define CONVOY_FILL(message, field, value) \
  if (!(message)->has_##field()) (message)->set_##field(value)

void FillSchedule(int epochs, v1::ScheduleRecipe* schedule) {
  const optim::ScheduleConfig defaults;
  CONVOY_FILL(schedule, name, "constant");
  CONVOY_FILL(schedule, warmup_epochs, defaults.warmup_epochs);
  if (schedule->name() == "step") CONVOY_FILL(schedule, step_factor, defaults.step_factor);
  if (schedule->name() != "cosine") return;
  CONVOY_FILL(schedule, decay_epochs, epochs);
  CONVOY_FILL(schedule, final_factor, defaults.final_factor);
}

void FillPlateau(v1::ReduceOnPlateauRecipe* plateau) {
  const ReduceOnPlateauConfig defaults;
  CONVOY_FILL(plateau, monitor, defaults.monitor);
  CONVOY_FILL(plateau, factor, defaults.factor);
  CONVOY_FILL(plateau, patience, static_cast<int>(defaults.patience));
  CONVOY_FILL(plateau, min_delta, defaults.min_delta);
  CONVOY_FILL(plateau, cooldown, static_cast<int>(defaults.cooldown));
  CONVOY_FILL(plateau, min_learning_rate, defaults.min_learning_rate);
}

void FillEarlyStopping(v1::EarlyStoppingRecipe* stopping) {
  const EarlyStoppingConfig defaults;
  CONVOY_FILL(stopping, monitor, defaults.monitor);
  CONVOY_FILL(stopping, patience, static_cast<int>(defaults.patience));
  CONVOY_FILL(stopping, min_delta, defaults.min_delta);
  CONVOY_FILL(stopping, start_from_epoch, static_cast<int>(defaults.start_from_epoch));
  CONVOY_FILL(stopping, restore_best_weights, defaults.restore_best_weights);
}

void FillAugmentation(v1::AugmentationRecipe* augmentation) {
  CONVOY_FILL(augmentation, shift, 0);
  CONVOY_FILL(augmentation, rotation, 0);
  CONVOY_FILL(augmentation, zoom, 0);
  CONVOY_FILL(augmentation, elastic, 0);
}

void FillOptimizer(v1::OptimizerRecipe* optimizer) {
  const optim::OptimizerConfig defaults;
  if (optimizer->name() == "adamw") CONVOY_FILL(optimizer, weight_decay, defaults.weight_decay);
  if (optimizer->name() == "rmsprop") CONVOY_FILL(optimizer, rho, defaults.rho);
}

#undef CONVOY_FILL

absl::Status ForOthers(const char* field, const std::vector<const char*>& owners) {
  if (owners.size() == 1) {
    return InvalidArgumentTextError("optimizer.$0: is for the optimizer $1 only", field, owners[0]);
  }
  if (owners.size() == 2) {
    return InvalidArgumentTextError("optimizer.$0: is for the optimizer $1 or $2 only", field,
                                    owners[0], owners[1]);
  }
  return InvalidArgumentTextError("optimizer.$0: is for the optimizer $1, $2 or $3 only", field,
                                  owners[0], owners[1], owners[2]);
}

// Values that every complete recipe states (momentum 0, the betas, epsilon) are foreign only where
// they are not the defaults.
absl::Status CheckFieldsOfOptimizer(const v1::OptimizerRecipe& optimizer) {
  const optim::OptimizerConfig defaults;
  const std::string& name = optimizer.name();
  const bool adam = name == "adam" || name == "adamw";
  const auto changed = [](bool has, double value, double standard) {
    return has && value != standard;
  };
  const struct {
    const char* field;
    bool given;
    bool fits;
    std::vector<const char*> owners;
  } fields[] = {
      {"weight_decay", optimizer.has_weight_decay(), name == "adamw", {"adamw"}},
      {"rho", optimizer.has_rho(), name == "rmsprop", {"rmsprop"}},
      {"momentum",
       changed(optimizer.has_momentum(), optimizer.momentum(), defaults.momentum),
       name == "sgd" || name == "rmsprop",
       {"sgd", "rmsprop"}},
      {"nesterov", optimizer.nesterov(), name == "sgd", {"sgd"}},
      {"beta_1",
       changed(optimizer.has_beta_1(), optimizer.beta_1(), defaults.beta_1),
       adam,
       {"adam", "adamw"}},
      {"beta_2",
       changed(optimizer.has_beta_2(), optimizer.beta_2(), defaults.beta_2),
       adam,
       {"adam", "adamw"}},
      {"epsilon",
       changed(optimizer.has_epsilon(), optimizer.epsilon(), defaults.epsilon),
       name != "sgd",
       {"adam", "adamw", "rmsprop"}},
  };
  for (const auto& field : fields) {
    if (!field.given || field.fits) continue;
    return ForOthers(field.field, field.owners);
  }
  return absl::OkStatus();
}

}  // namespace

void FillOptionDefaults(v1::Recipe* recipe) {
  FillOptimizer(recipe->mutable_optimizer());
  if (recipe->has_schedule()) FillSchedule(recipe->epochs(), recipe->mutable_schedule());
  if (recipe->has_reduce_on_plateau()) FillPlateau(recipe->mutable_reduce_on_plateau());
  if (recipe->has_augmentation()) FillAugmentation(recipe->mutable_augmentation());
  if (recipe->has_early_stopping()) FillEarlyStopping(recipe->mutable_early_stopping());
}

absl::StatusOr<RecipeOptions> ReadOptions(const v1::Recipe& recipe) {
  using Kind = optim::ScheduleConfig::Kind;
  RecipeOptions options;
  CONVOY_RETURN_IF_ERROR(CheckFieldsOfOptimizer(recipe.optimizer()));
  if (recipe.has_schedule()) {
    CONVOY_ASSIGN_OR_RETURN(options.schedule, ReadSchedule(recipe.schedule()));
  }
  const double held_out = recipe.validation_split();
  if (recipe.has_reduce_on_plateau()) {
    CONVOY_ASSIGN_OR_RETURN(options.reduce_on_plateau,
                            ReadPlateau(recipe.reduce_on_plateau(), held_out));
    if (options.schedule.kind != Kind::kConstant) {
      return InvalidArgumentTextError(
          "reduce_on_plateau: does not go with a $0 schedule, as both set the learning rate; leave "
          "one out",
          recipe.schedule().name());
    }
  }
  if (recipe.has_early_stopping()) {
    CONVOY_ASSIGN_OR_RETURN(options.early_stopping,
                            ReadEarlyStopping(recipe.early_stopping(), held_out));
  }
  const v1::AugmentationRecipe& augmentation = recipe.augmentation();
  options.augmentation = {.shift = augmentation.shift(),
                          .rotation = augmentation.rotation(),
                          .zoom = augmentation.zoom(),
                          .elastic = augmentation.elastic(),
                          .horizontal_flip = augmentation.horizontal_flip(),
                          .random_crop = augmentation.random_crop(),
                          .cutout = augmentation.cutout(),
                          .brightness = augmentation.brightness(),
                          .color = augmentation.color()};
  CONVOY_RETURN_IF_ERROR(data::ValidateAugmentation(options.augmentation));
  CONVOY_ASSIGN_OR_RETURN(options.learning_rate_factor,
                          LearningRateFactor(recipe.learning_rate_scaling(), recipe.batch_size()));
  CONVOY_ASSIGN_OR_RETURN(options.exchange, ReadExchange(recipe));
  if (!(recipe.label_smoothing() >= 0 && recipe.label_smoothing() < 1)) {
    return InvalidArgumentTextError("label_smoothing: must be from 0 to below 1, not $0",
                                    recipe.label_smoothing());
  }
  options.label_smoothing = static_cast<float>(recipe.label_smoothing());
  return options;
}

}  // namespace convoy::train
