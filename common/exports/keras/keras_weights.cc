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
  CONVOY_CHECK(std::holds_alternative<nn::BatchNormalizationSpec>(kind));
  return "batch_normalization";
}

template <typename... Kinds>
bool IsA(const nn::LayerKind& kind) {
  return (std::holds_alternative<Kinds>(kind) || ...);
}

}  // namespace

absl::Status CheckLayersOfFormats(const nn::ModelSpec& spec) {
  for (const nn::LayerSpec& layer : spec.layers) {
    if (!IsA<nn::AddSpec, nn::DepthwiseConv2dSpec, nn::GroupNormalizationSpec, nn::RescalingSpec,
             nn::ZeroPadding2dSpec>(layer.kind)) {
      continue;
    }
    return absl::UnimplementedError(absl::StrCat(
        "layer ", Quoted(layer.name), ": is a ", std::string(LayerTypeName(layer.kind)),
        ", which files of other tools are not written or read with; keep the model as "
        "model.convoy"));
  }
  return absl::OkStatus();
}

absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model) {
  CONVOY_RETURN_IF_ERROR(formats::ValidateModel(model));
  return evaluate::NetworkOfModel(model, "the model");
}

std::vector<KerasLayer> GroupByLayer(const nn::Network& network, const formats::ModelFile& model) {
  std::vector<KerasLayer> layers;
  size_t next = 0;
  for (const nn::Layer& layer : network.layers()) {
    KerasLayer group{.name = layer.name, .tensors = {}};
    for (size_t i = 0; i < layer.parameters.size(); ++i) {
      group.tensors.push_back(&model.tensors[next++]);
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

std::string VariableName(const nn::Layer& layer, const nn::Parameter& parameter) {
  return parameter.name.substr(layer.name.size() + 1);
}

}  // namespace convoy::exports
