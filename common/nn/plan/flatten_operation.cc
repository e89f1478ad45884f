#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {

absl::StatusOr<Match> MatchFlatten(const std::vector<Layer>& layers, size_t first) {
  return Match{.operation = nullptr, .num_layers = 1};
}

}  // namespace convoy::nn
