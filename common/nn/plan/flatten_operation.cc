#include "absl/strings/str_cat.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {

absl::StatusOr<Match> MatchFlatten(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  if (!std::holds_alternative<FlattenSpec>(layer.kind)) return DeclineKind(layer, "Flatten");
  return Match{.operation = nullptr, .num_layers = 1};
}

absl::Status DeclineKind(const Layer& layer, std::string_view wanted) {
  return absl::FailedPreconditionError(absl::StrCat(
      "starts with a ", std::string(LayerTypeName(layer.kind)), ", not a ", std::string(wanted)));
}

}  // namespace convoy::nn
