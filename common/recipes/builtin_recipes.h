// The recipes that come with Convoy: the files of recipes/, built into the program.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::recipes {

// Returns the names, sorted.
std::vector<std::string> BuiltinRecipeNames();

// Returns the recipe of that name or in that file (text format, any part may be missing). Returns
// NOT_FOUND for an unknown name, with the nearest known one; errors as ReadFile and ParseTextProto.
absl::StatusOr<v1::Recipe> LoadRecipe(const std::string& name_or_path);

}  // namespace convoy::recipes
