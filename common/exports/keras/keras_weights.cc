#include "common/exports/keras/keras_weights.h"

#include <utility>

#include "common/base/status.h"
#include "common/evaluate/model_network.h"

namespace convoy::exports {

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

std::string VariableName(const nn::Layer& layer, const nn::Parameter& parameter) {
  return parameter.name.substr(layer.name.size() + 1);
}

}  // namespace convoy::exports
