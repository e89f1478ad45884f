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

// The group of an .h5 file's weights.
inline constexpr char kH5WeightsGroup[] = "/model_weights";

// A layer, also one without weights, and its tensors in Keras's order.
struct KerasLayer {
  std::string name;                                  // "conv1"
  std::vector<const formats::NamedTensor*> tensors;  // named "conv1/kernel", ...; not owned
  std::vector<std::string> names;                    // what Keras calls them, "conv1/kernel"
};

// Returns the network of a model file. Returns INVALID_ARGUMENT if its description makes no network
// or the tensors are not exactly those of the network, in its order.
absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model);

// Returns the layers of `network` with the tensors of `model`, which must be its own.
std::vector<KerasLayer> GroupByLayer(const nn::Network& network, const formats::ModelFile& model);

// Returns for each layer with weights, by name, the group that a .keras archive keeps it in: its
// kind and, from the second of that kind on, its number: "conv2d", "conv2d_1".
std::map<std::string, std::string> KerasPaths(const nn::Network& network);

// Returns the names of the model's classes as files of other tools hold them: valid UTF-8.
std::vector<std::string> PrintableClassNames(const formats::ModelFile& model);

// Returns what Keras calls one of a layer's parameters: "kernel" for "conv1/kernel".
std::string VariableName(const nn::Layer& layer, const nn::Parameter& parameter);

}  // namespace convoy::exports
