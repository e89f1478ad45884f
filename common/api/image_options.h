// How a recipe, or a network, wants pictures made into images.
#pragma once

#include "absl/status/statusor.h"
#include "common/data/load_options.h"
#include "common/evaluate/loaded_model.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::api {

// Returns what the recipe says of the images. Returns INVALID_ARGUMENT, naming the recipe's field,
// for a value that makes no sense.
absl::StatusOr<data::LoadOptions> ImageOptionsOf(const v1::Recipe& recipe);

// Returns the options with which the model's own data, or any other, become images that its network
// takes. Errors as above, of the recipe in its file.
absl::StatusOr<data::LoadOptions> ImageOptionsOf(const evaluate::LoadedModel& model);

}  // namespace convoy::api
