#include "common/nn/builtin_models.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/nn/builtin_models_data.h"

namespace convoy::nn {
namespace {

constexpr uint64_t kMaxModelFileBytes = 1 << 20;

bool LooksLikeFile(const std::string& name) {
  return absl::StrContains(name, '/') || absl::EndsWith(name, ".textproto");
}

}  // namespace

std::vector<std::string> BuiltinModelNames() {
  std::vector<std::string> names;
  for (const BuiltinModel& model : kBuiltinModels) names.emplace_back(model.name);
  return names;
}

absl::StatusOr<ModelSpec> LoadModelSpec(const std::string& name_or_path) {
  if (LooksLikeFile(name_or_path)) {
    CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(name_or_path, kMaxModelFileBytes));
    return ParseModelSpec(text, name_or_path);
  }
  for (const BuiltinModel& model : kBuiltinModels) {
    if (name_or_path == model.name) return ParseModelSpec(model.text, name_or_path);
  }
  if (const std::string file = absl::StrCat(name_or_path, ".textproto"); PathExists(file)) {
    return TextError(absl::StatusCode::kNotFound, "no network is called '$0'; did you mean '$1'?",
                     name_or_path, file);
  }
  const std::vector<std::string> names = BuiltinModelNames();
  const std::string near = NearestName(name_or_path, names);
  const std::string list = absl::StrJoin(names, ", ");
  return near.empty()
             ? TextError(absl::StatusCode::kNotFound,
                         "no network is called '$0' (known: $1; or the path of a .textproto file)",
                         name_or_path, list)
             : TextError(absl::StatusCode::kNotFound,
                         "no network is called '$0'; did you mean '$1'? (known: $2; or the path of "
                         "a .textproto file)",
                         name_or_path, near, list);
}

}  // namespace convoy::nn
