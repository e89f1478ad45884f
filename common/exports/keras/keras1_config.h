// Keras 1's description of a network, in the words of Keras 2.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"

namespace convoy::exports {

// Returns the model_config of a file of Keras 1 (2016) as Keras 2 would have written it: layers and
// fields by their newer names. What has none stays, to be refused by its name. Returns
// INVALID_ARGUMENT, naming the layer and the field, for a mode of normalization that only Keras 1
// had, and models that lie deeper within each other than any does.
absl::StatusOr<nlohmann::json> FromKeras1(const nlohmann::json& model_config);

}  // namespace convoy::exports
