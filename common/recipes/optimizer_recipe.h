// A recipe's optimizer as plain values.
#pragma once

#include "absl/status/statusor.h"
#include "common/optim/optimizer.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::recipes {

// Returns the optimizer that a recipe in force describes. Returns INVALID_ARGUMENT, naming the
// field, for an unknown name and as ValidateOptimizer.
absl::StatusOr<optim::OptimizerConfig> OptimizerOf(const v1::OptimizerRecipe& recipe);

}  // namespace convoy::recipes
