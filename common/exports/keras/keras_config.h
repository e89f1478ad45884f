// The JSON in which Keras describes a network: model_config of an .h5 file, the same as in a
// TensorFlow.js folder.
//
// A kind of layer that Convoy learns gets an overload in keras_config_writer.cc and an entry in
// the table of keras_layer_reader.cc.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
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

// Where Keras's files keep a layer's weights, and which of a normalization's it leaves out.
struct KerasOrigin {
  std::string name;               // of the layer, in the file
  std::string group;              // in .h5: the same, or the outermost model around the layer
  std::vector<std::string> path;  // in .keras: {"conv2d_1"}, or {"sequential", "conv2d"}
  bool has_gamma = true;
  bool has_beta = true;
  bool one_number = false;     // for all channels, where there is one a channel here
  bool filters_first = false;  // a convolution's kernel is [filters, channels, height, width]
  // Of a layer that is several here: its variables in the file, in their order there, and what this
  // one's are called among them, by their names here.
  std::vector<std::string> variables;
  std::map<std::string, std::string> renamed;
};

// A network out of a Keras file. The file's own network may begin with Rescaling layers: it gives
// its first other layer value * scale + offset, which the network here is to be given.
struct KerasNetwork {
  nn::ModelSpec spec;
  std::map<std::string, KerasOrigin> origins;  // by the layer's name in `spec`
  std::set<std::string> groups;                // of all layers, also of those that are left out
  bool channels_first = false;                 // the file's images are [channels, height, width]
  // Layers of `spec` that flatten: the file has their features in the order channels, height,
  // width.
  std::set<std::string> channel_major;
  bool rescales = false;
  double scale = 1;
  double offset = 0;
};

// The height and width of an image that the file's network takes as one row of numbers, or in any
// size; 0 and 0 where not known: a square of grey pixels, then.
struct KerasImageSize {
  int height = 0;
  int width = 0;
};

// Reads a model_config that Keras 2 or 3 wrote: Sequential, or Functional where it is a chain. Says
// in `notes`, a line each, what is done to make it fit (a softmax added, a name changed, layers
// left out that work in training only) and what would only matter in further training and is not
// taken (regularizers, constraints, frozen layers). A network whose images have their channels
// first becomes one that has them last. Initializers are not looked at. Returns INVALID_ARGUMENT,
// naming the layer and the field, for what Convoy does not have: other kinds of models and layers,
// data types, dilations, groups.
absl::StatusOr<KerasNetwork> ReadKerasNetwork(const nlohmann::json& model_config,
                                              KerasImageSize size, Notes* notes);

// Returns the spec of ReadKerasNetwork alone.
absl::StatusOr<nn::ModelSpec> ReadKerasModelConfig(const nlohmann::json& model_config,
                                                   Notes* notes);

// Returns the same network as Keras 3 writes it into a .keras archive: "module" keys, data types
// and initializers as objects.
nlohmann::ordered_json Keras3ModelConfig(const nlohmann::ordered_json& model_config);

// Returns INVALID_ARGUMENT unless Keras takes `name`; `what` says whose it is.
absl::Status CheckKerasName(const std::string& what, const std::string& name);

}  // namespace convoy::exports
