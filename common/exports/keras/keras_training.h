// Keras's training_config, the settings of model.compile in an .h5 file, and Convoy's recipe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/exports/keras/keras_config.h"

namespace convoy::exports {

// Returns the training_config for a recipe in text format, in the form that Keras 2 and 3 load, or
// nullopt where the recipe names no optimizer. Returns INVALID_ARGUMENT if it is no recipe.
absl::StatusOr<std::optional<nlohmann::ordered_json>> KerasTrainingConfig(
    const std::string& recipe_textproto);

// Returns a recipe in text format with the optimizer of `training_config` and nothing else; empty
// if that is an optimizer that Convoy does not have. Never fails: the settings are not needed to
// use a network, so what cannot be taken is added to `notes`, a line each.
std::string RecipeFromTrainingConfig(const nlohmann::json& training_config, Notes* notes);

}  // namespace convoy::exports
