// Activations in Keras's JSON: a layer's field, or layers of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/exports/keras/json_fields.h"
#include "common/nn/model_spec.h"

namespace convoy::exports {

// Returns the field "activation" of a layer's settings, linear where it is missing: a name, an
// object with the name, or a whole layer. Returns INVALID_ARGUMENT for what Convoy does not have.
absl::StatusOr<nn::ActivationSpec> ReadKerasActivation(const JsonFields& fields);

// Returns what the result of that activation is then multiplied with, if with anything: SELU is an
// ELU times a number.
std::optional<float> ScaleOfKerasActivation(const JsonFields& fields);

// The classes of layers that are activations: ELU, LeakyReLU, ReLU and Softmax.
std::vector<std::string> KerasActivationLayers();

// Returns such a layer; nothing if the class is another. Errors as above.
std::optional<absl::StatusOr<nn::ActivationSpec>> ReadKerasActivationLayer(
    const std::string& class_name, const JsonFields& config);

}  // namespace convoy::exports
