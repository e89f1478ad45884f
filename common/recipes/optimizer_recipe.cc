#include "common/recipes/optimizer_recipe.h"

#include "common/base/status.h"

namespace convoy::recipes {

absl::StatusOr<optim::OptimizerConfig> OptimizerOf(const v1::OptimizerRecipe& recipe) {
  optim::OptimizerConfig config{.learning_rate = recipe.learning_rate(),
                                .momentum = recipe.momentum(),
                                .nesterov = recipe.nesterov(),
                                .beta_1 = recipe.beta_1(),
                                .beta_2 = recipe.beta_2(),
                                .epsilon = recipe.epsilon(),
                                .weight_decay = recipe.weight_decay(),
                                .rho = recipe.rho()};
  const auto kind = optim::ParseOptimizerKind(recipe.name());
  if (!kind.ok()) return Annotate(kind.status(), "optimizer.name");
  config.kind = *kind;
  CONVOY_RETURN_IF_ERROR(optim::ValidateOptimizer(config));
  return config;
}

}  // namespace convoy::recipes
