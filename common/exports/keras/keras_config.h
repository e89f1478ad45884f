// The JSON in which Keras describes a network: model_config of an .h5 file, the same as in a
// TensorFlow.js folder.
//
// A kind of layer that Convoy learns gets an overload in keras_config_writer.cc and an entry in
// the table of keras_config_reader.cc.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/nn/model_spec.h"

namespace convoy::exports {

// What is said to the user about an import, a line each: what of the file has no place here.
using Notes = std::vector<std::string>;

// Returns a Sequential model as Keras 2 writes it, in the form that Keras 2, Keras 3 and
// TensorFlow.js read: an explicit InputLayer first, no "module" keys, all sizes spelt out.
// Returns INVALID_ARGUMENT if Keras would refuse the name of the network or of a layer: it takes
// letters, digits and . _ - > with a letter, digit or dot first. A network without a name is
// called "sequential", as in Keras.
absl::StatusOr<nlohmann::ordered_json> KerasModelConfig(const nn::ModelSpec& spec);

// Reads the model_config of a Sequential model that Keras 2 or 3 wrote. Initializers are not
// looked at; what would only matter in further training (regularizers, constraints, frozen layers)
// is added to `notes`. Returns INVALID_ARGUMENT, naming the layer and the field, for what Convoy
// does not have: other kinds of models and layers, data types, channels_first, dilations, groups.
absl::StatusOr<nn::ModelSpec> ReadKerasModelConfig(const nlohmann::json& model_config,
                                                   Notes* notes);

// Returns INVALID_ARGUMENT unless Keras takes `name`; `what` says whose it is.
absl::Status CheckKerasName(const std::string& what, const std::string& name);

}  // namespace convoy::exports
