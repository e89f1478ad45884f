// Names that Keras and TensorFlow.js take: letters without accents, digits and . _ - > with a
// letter, digit or dot first. Ours may be any text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/formats/model_file.h"
#include "common/nn/model_spec.h"

namespace convoy::exports {

// Returns the name with what Keras would refuse changed: "entrée 1" -> "entree_1".
std::string KerasName(const std::string& name);

// Returns what is called otherwise in WithKerasNames, the network and layers: our name and Keras's.
std::vector<std::pair<std::string, std::string>> KerasRenames(const nn::ModelSpec& spec);

// Returns the model with names that Keras takes, each layer's another one. Returns the errors of
// nn::ParseModelSpec.
absl::StatusOr<formats::ModelFile> WithKerasNames(const formats::ModelFile& model);

}  // namespace convoy::exports
