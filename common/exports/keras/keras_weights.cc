#include "common/exports/keras/keras_weights.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/evaluate/model_network.h"

namespace convoy::exports {
namespace {

// The layer's class as Keras spells it in paths.
std::string KerasKind(const nn::LayerKind& kind) {
  if (std::holds_alternative<nn::Conv2dSpec>(kind)) return "conv2d";
  if (std::holds_alternative<nn::DenseSpec>(kind)) return "dense";
  if (std::holds_alternative<nn::DepthwiseConv2dSpec>(kind)) return "depthwise_conv2d";
  if (std::holds_alternative<nn::GroupNormalizationSpec>(kind)) return "group_normalization";
  CONVOY_CHECK(std::holds_alternative<nn::BatchNormalizationSpec>(kind));
  return "batch_normalization";
}

}  // namespace

absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model) {
  CONVOY_RETURN_IF_ERROR(formats::ValidateModel(model));
  return evaluate::NetworkOfModel(model, "the model");
}

std::vector<KerasLayer> GroupByLayer(const nn::Network& network, const formats::ModelFile& model) {
  std::vector<KerasLayer> layers;
  size_t next = 0;
  for (const nn::Layer& layer : network.layers()) {
    KerasLayer group{.name = layer.name, .tensors = {}, .names = {}};
    for (const nn::Parameter& parameter : layer.parameters) {
      group.tensors.push_back(&model.tensors[next++]);
      group.names.push_back(absl::StrCat(layer.name, "/", VariableName(layer, parameter)));
    }
    layers.push_back(std::move(group));
  }
  return layers;
}

std::map<std::string, std::string> KerasPaths(const nn::Network& network) {
  std::map<std::string, std::string> paths;
  std::map<std::string, int> of_kind;
  for (const nn::Layer& layer : network.layers()) {
    if (layer.parameters.empty()) continue;
    const std::string kind = KerasKind(layer.kind);
    const int number = of_kind[kind]++;
    paths[layer.name] = number == 0 ? kind : absl::StrCat(kind, "_", number);
  }
  return paths;
}

std::vector<std::string> PrintableClassNames(const formats::ModelFile& model) {
  std::vector<std::string> names;
  for (const std::string& name : model.class_names) names.push_back(Printable(name, kMaxQuoted));
  return names;
}

std::string VariableName(const nn::Layer& layer, const nn::Parameter& parameter) {
  const std::string name = parameter.name.substr(layer.name.size() + 1);
  const bool depthwise = std::holds_alternative<nn::DepthwiseConv2dSpec>(layer.kind);
  return depthwise && name == "kernel" ? "depthwise_kernel" : name;
}

}  // namespace convoy::exports
