#include "common/optim/optimizer.h"

#include <cmath>
#include <string>

#include "absl/strings/str_join.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/optim/adam.h"
#include "common/optim/rmsprop.h"
#include "common/optim/sgd.h"

namespace convoy::optim {
namespace {

absl::Status RequirePositive(const std::string& field, double value) {
  // In single precision too, in which the update is done.
  if (std::isfinite(value) && static_cast<float>(value) > 0 &&
      std::isfinite(static_cast<float>(value))) {
    return absl::OkStatus();
  }
  return TextError(absl::StatusCode::kInvalidArgument,
                   "$0: is $1; give a positive number, such as 0.001", field, value);
}

absl::Status RequireFraction(const std::string& field, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return TextError(absl::StatusCode::kInvalidArgument,
                   "$0: is $1; give a number from 0 to below 1, such as 0.9", field, value);
}

}  // namespace

absl::Status ValidateOptimizer(const OptimizerConfig& config) {
  CONVOY_RETURN_IF_ERROR(RequirePositive("optimizer.learning_rate", config.learning_rate));
  switch (config.kind) {
    case OptimizerConfig::Kind::kSgd:
      return RequireFraction("optimizer.momentum", config.momentum);
    case OptimizerConfig::Kind::kRmsprop:
      CONVOY_RETURN_IF_ERROR(RequireFraction("optimizer.momentum", config.momentum));
      CONVOY_RETURN_IF_ERROR(RequireFraction("optimizer.rho", config.rho));
      return RequirePositive("optimizer.epsilon", config.epsilon);
    case OptimizerConfig::Kind::kAdamW:
      if (!(config.weight_decay >= 0 && config.weight_decay <= 1)) {
        return TextError(absl::StatusCode::kInvalidArgument,
                         "optimizer.weight_decay: is $0; give a number from 0 to 1, such as 0.004",
                         config.weight_decay);
      }
      [[fallthrough]];
    case OptimizerConfig::Kind::kAdam:
      CONVOY_RETURN_IF_ERROR(RequireFraction("optimizer.beta_1", config.beta_1));
      CONVOY_RETURN_IF_ERROR(RequireFraction("optimizer.beta_2", config.beta_2));
      return RequirePositive("optimizer.epsilon", config.epsilon);
  }
  return InvalidArgumentTextError("optimizer: unknown kind");
}

const std::vector<std::string>& OptimizerNames() {
  static const auto* names = new std::vector<std::string>{"sgd", "adam", "adamw", "rmsprop"};
  return *names;
}

absl::StatusOr<OptimizerConfig::Kind> ParseOptimizerKind(const std::string& name) {
  if (name == "sgd") return OptimizerConfig::Kind::kSgd;
  if (name == "adam") return OptimizerConfig::Kind::kAdam;
  if (name == "adamw") return OptimizerConfig::Kind::kAdamW;
  if (name == "rmsprop") return OptimizerConfig::Kind::kRmsprop;
  const std::string near = NearestName(name, OptimizerNames());
  const std::string list = absl::StrJoin(OptimizerNames(), ", ");
  return near.empty() ? TextError(absl::StatusCode::kInvalidArgument,
                                  "unknown optimizer '$0' (known: $1)", name, list)
                      : TextError(absl::StatusCode::kInvalidArgument,
                                  "unknown optimizer '$0'; did you mean '$1'? (known: $2)", name,
                                  near, list);
}

absl::StatusOr<std::unique_ptr<Optimizer>> Optimizer::Create(const OptimizerConfig& config) {
  CONVOY_RETURN_IF_ERROR(ValidateOptimizer(config));
  if (config.kind == OptimizerConfig::Kind::kSgd) return std::make_unique<Sgd>(config);
  if (config.kind == OptimizerConfig::Kind::kRmsprop) return std::make_unique<Rmsprop>(config);
  return std::make_unique<Adam>(config);
}

}  // namespace convoy::optim
