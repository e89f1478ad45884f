// The weights of a model file as Keras groups them: by layer, a named variable each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"

namespace convoy::exports {

// A layer, also one without weights, and its tensors in Keras's order.
struct KerasLayer {
  std::string name;                                  // "conv1"
  std::vector<const formats::NamedTensor*> tensors;  // named "conv1/kernel", ...; not owned
};

// Returns the network of a model file. Returns INVALID_ARGUMENT if its description makes no network
// or the tensors are not exactly those of the network, in its order.
absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model);

// Returns the layers of `network` with the tensors of `model`, which must be its own.
std::vector<KerasLayer> GroupByLayer(const nn::Network& network, const formats::ModelFile& model);

// Returns UNIMPLEMENTED, naming the layer, where the network has one that no format of other tools
// is written or read with as yet.
absl::Status CheckLayersOfFormats(const nn::ModelSpec& spec);

// Returns for each layer with weights, by name, the group that a .keras archive keeps it in: its
// kind and, from the second of that kind on, its number: "conv2d", "conv2d_1". REQUIRES:
// CheckLayersOfFormats.
std::map<std::string, std::string> KerasPaths(const nn::Network& network);

// Returns what comes after the layer's name in the name of one of its parameters: "kernel" for
// "conv1/kernel".
std::string VariableName(const nn::Layer& layer, const nn::Parameter& parameter);

}  // namespace convoy::exports
