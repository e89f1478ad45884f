#include "common/recipes/builtin_recipes.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/recipes/builtin_recipes_data.h"
#include "common/textproto/text_proto.h"

namespace convoy::recipes {
namespace {

constexpr uint64_t kMaxRecipeBytes = 1 << 20;

bool IsFile(const std::string& name) {
  std::error_code unknown;
  return absl::StrContains(name, '/') || absl::EndsWith(name, ".textproto") ||
         std::filesystem::exists(name, unknown);
}

}  // namespace

std::vector<std::string> BuiltinRecipeNames() {
  std::vector<std::string> names;
  for (const BuiltinRecipe& recipe : kBuiltinRecipes) names.emplace_back(recipe.name);
  return names;
}

absl::StatusOr<v1::Recipe> LoadRecipe(const std::string& name_or_path) {
  v1::Recipe recipe;
  for (const BuiltinRecipe& builtin : kBuiltinRecipes) {
    if (name_or_path != builtin.name) continue;
    CONVOY_RETURN_IF_ERROR(ParseTextProto(builtin.text, name_or_path, &recipe));
    return recipe;
  }
  if (!IsFile(name_or_path)) {
    const std::vector<std::string> names = BuiltinRecipeNames();
    const std::string near = NearestName(name_or_path, names);
    const std::string list = absl::StrJoin(names, ", ");
    return near.empty()
               ? TextError(absl::StatusCode::kNotFound,
                           "no recipe is called '$0' (known: $1; or the path of a .textproto file)",
                           name_or_path, list)
               : TextError(absl::StatusCode::kNotFound,
                           "no recipe is called '$0'; did you mean '$1'? (known: $2; or the path "
                           "of a .textproto file)",
                           name_or_path, near, list);
  }
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(name_or_path, kMaxRecipeBytes));
  CONVOY_RETURN_IF_ERROR(ParseTextProto(text, name_or_path, &recipe));
  return recipe;
}

}  // namespace convoy::recipes
