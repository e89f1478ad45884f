#include "client/commands/description.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/names/names.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/nn/builtin_models.h"
#include "common/recipes/builtin_recipes.h"
#include "common/textproto/text_proto.h"

namespace convoy::client {
namespace {

constexpr char kDefaultNetwork[] = "notebook";
constexpr uint64_t kMaxDescriptionBytes = 1 << 20;

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The line that an error of ParseTextProto names; 0 where it names none.
int LineOf(const absl::Status& status, const std::string& source) {
  absl::string_view message = status.message();
  if (!absl::ConsumePrefix(&message, source + ":")) return 0;
  return std::atoi(std::string(message).c_str());
}

absl::StatusOr<nn::ModelSpec> NetworkOf(const v1::Recipe& recipe, const std::string& where) {
  if (!recipe.has_model()) {
    return nn::LoadModelSpec(recipe.has_model_name() ? recipe.model_name() : kDefaultNetwork);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(recipe.model(), &text);
  return nn::ParseModelSpec(text, where);
}

// A text that is neither is taken for the one in which its first mistake comes later.
absl::StatusOr<Description> Parse(const std::string& text, const std::string& where) {
  Description description{.where = where, .network = {}, .is_recipe = false, .recipe = {}};
  absl::StatusOr<nn::ModelSpec> network = nn::ParseModelSpec(text, where);
  if (network.ok()) {
    description.network = *std::move(network);
    return description;
  }
  const absl::Status as_recipe = ParseTextProto(text, where, &description.recipe);
  const bool more_like_a_network = LineOf(network.status(), where) >= LineOf(as_recipe, where);
  if (!as_recipe.ok()) return more_like_a_network ? network.status() : as_recipe;
  description.is_recipe = true;
  CONVOY_ASSIGN_OR_RETURN(description.network, NetworkOf(description.recipe, where));
  return description;
}

}  // namespace

bool IsDescription(const std::string& named, const Context& context) {
  const ThingKind kind = FindHere(named).kind;
  if (kind != ThingKind::kNothing) return kind == ThingKind::kDescription;
  return !context.coordinator_named &&
         (Has(nn::BuiltinModelNames(), named) || Has(recipes::BuiltinRecipeNames(), named));
}

absl::StatusOr<Description> ReadDescription(const std::string& named) {
  if (FindHere(named).kind == ThingKind::kDescription) {
    CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(named, kMaxDescriptionBytes));
    return Parse(text, named);
  }
  Description description{.where = named, .network = {}, .is_recipe = false, .recipe = {}};
  if (Has(nn::BuiltinModelNames(), named)) {
    CONVOY_ASSIGN_OR_RETURN(description.network, nn::LoadModelSpec(named));
    return description;
  }
  description.is_recipe = true;
  CONVOY_ASSIGN_OR_RETURN(description.recipe, recipes::LoadRecipe(named));
  CONVOY_ASSIGN_OR_RETURN(description.network, NetworkOf(description.recipe, named));
  return description;
}

}  // namespace convoy::client
