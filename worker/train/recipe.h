// What is trained and how: every value that shapes the trained weights.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/nn/model_spec.h"
#include "common/optim/optimizer.h"
#include "convoy/v1/recipe.pb.h"
#include "worker/train/recipe_options.h"

namespace convoy::train {

// A checked recipe.
struct Recipe {
  nn::ModelSpec model;
  int batch_size = 0;
  int micro_batch = 0;
  int epochs = 0;
  uint64_t seed = 0;
  double validation_split = 0;
  int64_t train_limit = 0;  // 0: all images
  optim::OptimizerConfig optimizer;
  bool exact_reduce = true;
  RecipeOptions options;
};

// Returns the recipe of a new run: what `asked` sets, and defaults. Its network is resolved if that
// of `asked` is. Errors as ResolveModel.
absl::StatusOr<v1::Recipe> CompleteRecipe(const v1::Recipe& asked);

// Replaces a network's name by the network itself, and spells it out in full. Errors as
// LoadModelSpec, ParseModelSpec and Network::Create.
absl::Status ResolveModel(v1::Recipe* recipe);

// Checks every value. Returns INVALID_ARGUMENT, naming the flag, for one that makes no sense.
// REQUIRES: all values are set and the network is resolved.
absl::StatusOr<Recipe> CheckRecipe(const v1::Recipe& recipe);

// Returns `base` with the values that `asked` sets, for a run that goes on. Returns
// FAILED_PRECONDITION, naming the flag, if one of them differs from the run's; only the number of
// epochs may be another one, and only a larger one. `isa` stays the run's: what counts is that the
// kernels are those of its checkpoint. Both networks must be resolved.
absl::StatusOr<v1::Recipe> ContinueRecipe(const v1::Recipe& base, const v1::Recipe& asked);

// Returns the recipe in text format, the same bytes for the same recipe.
std::string RecipeToText(const v1::Recipe& recipe);

}  // namespace convoy::train
