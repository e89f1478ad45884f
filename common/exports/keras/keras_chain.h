// The layers of a Keras model in the order in which an image passes them, whatever kind of model
// they stand in: Sequential, Functional, or one inside the other.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::exports {

// Models within models that a file may hold, the outermost among them.
inline constexpr int kMaxKerasNesting = 8;

// One layer, and where Keras's files keep its weights.
struct KerasChainLayer {
  std::string class_name;
  std::string name;               // as in the file; may have any characters
  const nlohmann::json* layer;    // {"class_name": ..., "config": {...}}; not owned
  std::string group;              // in .h5: its own name, or that of the outermost model around it
  std::vector<std::string> path;  // in .keras: {"conv2d_1"}, or {"sequential", "conv2d"}
  std::string skip;               // of an Add: the layer that it takes beside the one before
  std::string where;              // for messages: "layer 'conv1' (Conv2D)"
};

struct KerasChain {
  std::string name;  // of the model
  std::vector<KerasChainLayer> layers;
  const nlohmann::json* built_for = nullptr;  // the input's shape, where only the model has it
  bool channels_first = false;                // images are [channels, height, width]
};

// Reads model_config, which must outlive the chain. Returns INVALID_ARGUMENT, naming the layer,
// where the model is no chain from one input to one output: layers that join, but for an Add
// of an earlier layer, branch, are used twice or lie aside; for other kinds of models; for nesting
// deeper than that.
absl::StatusOr<KerasChain> ReadKerasChain(const nlohmann::json& model_config);

}  // namespace convoy::exports
