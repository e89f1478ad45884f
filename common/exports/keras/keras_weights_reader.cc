// Finds each layer's arrays, then reads them with the shapes of the network. Keras has two layouts:
// up to Keras 2 lists of names in attributes, by layer ("conv1/kernel:0", in Keras 1 "conv1_W";
// Keras 3 writes the path of the variable instead, which ends in the same); since 2.12 in .keras
// archives numbered arrays below the layer's kind ("layers/conv2d_1/vars/0"), whatever the layer's
// name. Networks whose images have their channels first, and those of Theano, have their numbers in
// another order, which is undone.
#include "common/exports/keras/keras_weights_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/keras/keras_weights.h"

namespace convoy::exports {
namespace {

// A variable's name, such as "kernel", and where its array is.
using Paths = std::map<std::string, std::string>;

bool InFile(const KerasOrigin& origin, const std::string& variable) {
  return (origin.has_gamma || variable != "gamma") && (origin.has_beta || variable != "beta");
}

std::string NameInFile(const KerasOrigin& origin, const std::string& variable) {
  const auto renamed = origin.renamed.find(variable);
  return renamed == origin.renamed.end() ? variable : renamed->second;
}

// The names of the variables that the file has for a layer, in their order.
std::vector<std::string> VariablesInFile(const nn::Layer& layer, const KerasOrigin& origin) {
  if (!origin.variables.empty()) return origin.variables;
  std::vector<std::string> variables;
  for (const nn::Parameter& parameter : layer.parameters) {
    const std::string variable = VariableName(layer, parameter);
    if (InFile(origin, variable)) variables.push_back(variable);
  }
  return variables;
}

std::string Listed(const std::vector<std::string>& names) {
  return absl::StrCat("[", absl::CHexEscape(absl::StrJoin(names, ", ")), "]");
}

// Returns a kernel of [filters, channels, height, width], as Keras 1 has it where channels come
// first, in the order of `shape`: [height, width, channels, filters].
std::vector<float> FromFiltersFirst(const std::vector<float>& kernel, const Shape& shape) {
  const auto places = static_cast<size_t>(shape[0] * shape[1]);
  const auto channels = static_cast<size_t>(shape[2]);
  const auto filters = static_cast<size_t>(shape[3]);
  std::vector<float> result;
  result.reserve(kernel.size());
  for (size_t place = 0; place < places; ++place) {
    for (size_t channel = 0; channel < channels; ++channel) {
      for (size_t filter = 0; filter < filters; ++filter) {
        result.push_back(kernel[(filter * channels + channel) * places + place]);
      }
    }
  }
  return result;
}

// Returns the values of a parameter, in its own order.
absl::StatusOr<std::vector<float>> ReadArray(const Hdf5Reader& reader, const std::string& path,
                                             const nn::Parameter& parameter,
                                             const KerasOrigin& origin) {
  const Shape& shape = parameter.shape;
  if (origin.one_number) {
    CONVOY_ASSIGN_OR_RETURN(const std::vector<float> number, reader.Floats(path, {}));
    return std::vector<float>(static_cast<size_t>(parameter.size), number[0]);
  }
  if (!origin.filters_first || shape.size() != 4) return reader.Floats(path, shape);
  CONVOY_ASSIGN_OR_RETURN(const std::vector<float> kernel,
                          reader.Floats(path, {shape[3], shape[2], shape[0], shape[1]}));
  return FromFiltersFirst(kernel, shape);
}

absl::Status ReadLayer(const Hdf5Reader& reader, const nn::Layer& layer, const KerasOrigin& origin,
                       const Paths& paths, std::vector<formats::NamedTensor>* tensors) {
  for (const nn::Parameter& parameter : layer.parameters) {
    const std::string variable = VariableName(layer, parameter);
    formats::NamedTensor tensor{parameter.name, parameter.shape, parameter.trainable, {}};
    if (!InFile(origin, variable)) {
      tensor.data.assign(static_cast<size_t>(parameter.size), variable == "gamma" ? 1.0F : 0.0F);
    } else if (const auto found = paths.find(NameInFile(origin, variable)); found != paths.end()) {
      CONVOY_ASSIGN_OR_RETURN(tensor.data, ReadArray(reader, found->second, parameter, origin));
    } else {
      std::vector<std::string> there;
      for (const auto& [name, path] : paths) there.push_back(name);
      return nn::LayerError(layer, "has no weight '$0' in the file, only $1", variable,
                            Listed(there));
    }
    tensors->push_back(std::move(tensor));
  }
  return absl::OkStatus();
}

// Splits "conv1/kernel:0" or "sequential/conv1/kernel" into its last two parts, without the ":0".
std::pair<std::string, std::string> LayerAndVariable(const std::string& weight_name) {
  const size_t slash = weight_name.rfind('/');
  std::string variable = slash == std::string::npos ? weight_name : weight_name.substr(slash + 1);
  if (const size_t colon = variable.rfind(':'); colon != std::string::npos) {
    variable.resize(colon);
  }
  if (slash == std::string::npos) return {"", variable};
  const std::string before = weight_name.substr(0, slash);
  const size_t previous = before.rfind('/');
  return {previous == std::string::npos ? before : before.substr(previous + 1), variable};
}

// Keras 1 wrote "conv1_W" where later versions write "conv1/kernel".
std::string VariableOfKeras1(const std::string& weight, const std::string& layer) {
  static const auto* const names = new std::map<std::string, std::string>{
      {"W", "kernel"},
      {"b", "bias"},
      {"gamma", "gamma"},
      {"beta", "beta"},
      {"running_mean", "moving_mean"},
      {"running_std", "moving_variance"},  // the variance, in spite of its name
      {"depthwise_kernel", "depthwise_kernel"},
      {"pointwise_kernel", "pointwise_kernel"}};
  if (!absl::StartsWith(weight, layer + "_")) return weight;
  const auto found = names->find(weight.substr(layer.size() + 1));
  return found == names->end() ? weight : found->second;
}

// The arrays in a layer's own group, or of one layer in the group of the model around it.
absl::StatusOr<Paths> PathsInGroup(const Hdf5Reader& reader, const std::string& group,
                                   const nn::Layer& layer, const KerasOrigin& origin) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          reader.Strings(group, "weight_names"));
  const bool nested = origin.name != origin.group;
  Paths paths;
  size_t count = 0;
  for (const std::string& name : names) {
    const auto [owner, variable] = LayerAndVariable(name);
    if (nested && owner != origin.name) continue;
    paths[owner.empty() ? VariableOfKeras1(variable, origin.name) : variable] =
        absl::StrCat(group, "/", name);
    ++count;
  }
  const size_t expected = VariablesInFile(layer, origin).size();
  if (count == expected && paths.size() == count) return paths;
  return nn::LayerError(layer, "must have $0 weights, but the file has $1", expected,
                        Listed(names));
}

absl::Status CheckGroups(const Hdf5Reader& reader, const std::set<std::string>& known) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          reader.Strings(kH5WeightsGroup, "layer_names"));
  for (const std::string& name : names) {
    const std::string group = absl::StrCat(kH5WeightsGroup, "/", name);
    if (known.count(name) != 0 || !reader.HasAttribute(group, "weight_names")) continue;
    CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> weights,
                            reader.Strings(group, "weight_names"));
    if (weights.empty()) continue;
    return InvalidArgumentTextError("has weights of a layer '$0' that its model_config lacks",
                                    absl::CHexEscape(name));
  }
  return absl::OkStatus();
}

// The spellings of the groups above a layer's: since 2.15, from 2.12 to 2.14, and both as written
// on Windows, where the separator became part of the name.
struct Spelling {
  const char* container;
  const char* separator;
};
constexpr std::array kSpellings = {Spelling{"layers", "/"}, Spelling{"layers", "\\"},
                                   Spelling{"_layer_checkpoint_dependencies", "/"},
                                   Spelling{"_layer_checkpoint_dependencies", "\\"}};

std::string GroupAt(const std::vector<std::string>& path, const Spelling& spelling) {
  std::string group = "/";
  for (const std::string& part : path) {
    absl::StrAppend(&group, group.size() == 1 ? "" : spelling.separator, spelling.container,
                    spelling.separator, part);
  }
  return group;
}

// The arrays are numbered: kernel, bias; gamma, beta, moving_mean, moving_variance.
absl::StatusOr<Paths> NumberedPaths(const Hdf5Reader& reader, const nn::Layer& layer,
                                    const KerasOrigin& origin) {
  for (const Spelling& spelling : kSpellings) {
    const std::string group = GroupAt(origin.path, spelling);
    if (!reader.Has(group)) continue;
    Paths paths;
    for (const std::string& variable : VariablesInFile(layer, origin)) {
      const std::string path = absl::StrCat(group, "/vars/", paths.size());
      paths[variable] = path;
    }
    if (reader.Has(absl::StrCat(group, "/vars/", paths.size()))) {
      return nn::LayerError(layer, "has more than $0 weights", paths.size());
    }
    return paths;
  }
  return nn::LayerError(layer, "has no weights in the file, neither $0 nor an older spelling",
                        absl::CHexEscape(GroupAt(origin.path, kSpellings[0])));
}

// In save_weights's first form the lists stand at the root, or below /model_weights.
absl::StatusOr<std::vector<std::string>> GroupsWithWeights(const Hdf5Reader& reader,
                                                           const std::string& root) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          reader.Strings(root.empty() ? "/" : root, "layer_names"));
  std::vector<std::string> groups;
  for (const std::string& name : names) {
    const std::string group = absl::StrCat(root, "/", name);
    CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> weights,
                            reader.Strings(group, "weight_names"));
    if (!weights.empty()) groups.push_back(group);
  }
  return groups;
}

// Turns the kernels of convolutions by half a turn.
void TurnKernels(const nn::Network& network, std::vector<formats::NamedTensor>* tensors) {
  auto tensor = tensors->begin();
  for (const nn::Layer& layer : network.layers()) {
    for (size_t i = 0; i < layer.parameters.size(); ++i, ++tensor) {
      const bool kernel = i == 0 && std::holds_alternative<nn::Conv2dSpec>(layer.kind);
      if (!kernel) continue;
      const auto places = static_cast<size_t>(tensor->shape[0] * tensor->shape[1]);
      const auto at = [&](size_t place) {
        const size_t values = tensor->data.size() / places;
        return tensor->data.begin() + static_cast<ptrdiff_t>(place * values);
      };
      for (size_t place = 0; place < places / 2; ++place) {
        std::swap_ranges(at(place), at(place + 1), at(places - 1 - place));
      }
    }
  }
}

absl::StatusOr<std::vector<formats::NamedTensor>> ListedWeights(const Hdf5Reader& reader,
                                                                const nn::Network& network,
                                                                const std::string& root) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> groups, GroupsWithWeights(reader, root));
  std::vector<formats::NamedTensor> tensors;
  size_t next = 0;
  for (const nn::Layer& layer : network.layers()) {
    if (layer.parameters.empty()) continue;
    if (next == groups.size()) break;
    CONVOY_ASSIGN_OR_RETURN(const Paths paths, PathsInGroup(reader, groups[next++], layer, {}));
    CONVOY_RETURN_IF_ERROR(ReadLayer(reader, layer, {}, paths, &tensors));
  }
  if (next != groups.size() || tensors.size() != network.Parameters().size()) {
    return InvalidArgumentTextError("holds weights of $0 layers, and the network has others",
                                    groups.size());
  }
  if (HasTurnedKernels(reader)) TurnKernels(network, &tensors);
  return tensors;
}

// Reorders rows of `width` values that belong to the features of a flattened image of `sizes`
// (height, width, channels), which have their channels outermost.
void ReorderRows(const Shape& sizes, size_t width, std::vector<float>* values) {
  const auto pixels = static_cast<size_t>(sizes[0] * sizes[1]);
  const auto channels = static_cast<size_t>(sizes[2]);
  std::vector<float> reordered(values->size());
  for (size_t channel = 0; channel < channels; ++channel) {
    for (size_t pixel = 0; pixel < pixels; ++pixel) {
      std::copy_n(values->begin() + static_cast<ptrdiff_t>((channel * pixels + pixel) * width),
                  width,
                  reordered.begin() + static_cast<ptrdiff_t>((pixel * channels + channel) * width));
    }
  }
  *values = std::move(reordered);
}

// Brings what follows a flattened image from the order channels, height, width, which `keras` says
// that the file has, to height, width, channels.
void ReorderFeatures(const nn::Network& network, const KerasNetwork& keras,
                     std::vector<formats::NamedTensor>* tensors) {
  auto tensor = tensors->begin();
  Shape image;  // what was flattened, until a dense layer mixes its features
  for (const nn::Layer& layer : network.layers()) {
    if (keras.channel_major.count(layer.name) != 0) image = layer.input;
    const bool dense = std::holds_alternative<nn::DenseSpec>(layer.kind);
    for (size_t i = 0; i < layer.parameters.size(); ++i, ++tensor) {
      if (image.empty() || (dense && i > 0)) continue;  // a bias belongs to the outputs
      const int64_t features = NumElems(image).value();
      if (tensor->shape[0] != features) continue;
      ReorderRows(image, tensor->data.size() / static_cast<size_t>(features), &tensor->data);
    }
    if (dense) image.clear();
  }
}

absl::StatusOr<std::vector<formats::NamedTensor>> NumberedWeights(
    const Hdf5Reader& reader, const nn::Network& network,
    const std::map<std::string, KerasOrigin>& origins) {
  std::vector<formats::NamedTensor> tensors;
  for (const nn::Layer& layer : network.layers()) {
    if (layer.parameters.empty()) continue;
    const KerasOrigin& origin = origins.at(layer.name);
    CONVOY_ASSIGN_OR_RETURN(const Paths paths, NumberedPaths(reader, layer, origin));
    CONVOY_RETURN_IF_ERROR(ReadLayer(reader, layer, origin, paths, &tensors));
  }
  return tensors;
}

}  // namespace

absl::StatusOr<std::vector<formats::NamedTensor>> WeightsByName(const Hdf5Reader& reader,
                                                                const nn::Network& network,
                                                                const KerasNetwork& keras) {
  std::vector<formats::NamedTensor> tensors;
  for (const nn::Layer& layer : network.layers()) {
    if (layer.parameters.empty()) continue;
    const KerasOrigin& origin = keras.origins.at(layer.name);
    const std::string group = absl::StrCat(kH5WeightsGroup, "/", origin.group);
    CONVOY_ASSIGN_OR_RETURN(const Paths paths, PathsInGroup(reader, group, layer, origin));
    CONVOY_RETURN_IF_ERROR(ReadLayer(reader, layer, origin, paths, &tensors));
  }
  CONVOY_RETURN_IF_ERROR(CheckGroups(reader, keras.groups));
  ReorderFeatures(network, keras, &tensors);
  if (HasTurnedKernels(reader)) TurnKernels(network, &tensors);
  return tensors;
}

absl::StatusOr<std::vector<formats::NamedTensor>> WeightsByPath(const Hdf5Reader& reader,
                                                                const nn::Network& network,
                                                                const KerasNetwork& keras) {
  CONVOY_ASSIGN_OR_RETURN(std::vector<formats::NamedTensor> tensors,
                          NumberedWeights(reader, network, keras.origins));
  ReorderFeatures(network, keras, &tensors);
  return tensors;
}

absl::StatusOr<std::vector<formats::NamedTensor>> WeightsInOrder(const Hdf5Reader& reader,
                                                                 const nn::Network& network) {
  if (reader.HasAttribute("/", "layer_names")) return ListedWeights(reader, network, "");
  if (reader.Has(kH5WeightsGroup)) return ListedWeights(reader, network, kH5WeightsGroup);
  std::map<std::string, KerasOrigin> origins;
  for (const auto& [name, path] : KerasPaths(network)) origins[name].path = {path};
  return NumberedWeights(reader, network, origins);
}

bool HasTurnedKernels(const Hdf5Reader& reader) {
  const char* group = reader.HasAttribute(kH5WeightsGroup, "backend") ? kH5WeightsGroup : "/";
  const absl::StatusOr<std::string> backend = reader.String(group, "backend");
  return backend.ok() && *backend == "theano";
}

}  // namespace convoy::exports
