#include "common/exports/keras/keras_weights.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace convoy::exports {

absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::ModelSpec spec,
                          nn::ParseModelSpec(model.model_textproto, "the model's network"));
  CONVOY_ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(spec));
  CONVOY_RETURN_IF_ERROR(formats::ValidateModel(model));
  const std::vector<nn::Parameter> parameters = network.Parameters();
  for (size_t i = 0; i < parameters.size() || i < model.tensors.size(); ++i) {
    const bool missing = i >= model.tensors.size();
    if (!missing && i < parameters.size() && model.tensors[i].name == parameters[i].name &&
        model.tensors[i].shape == parameters[i].shape) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "the model's weights do not fit its network: in place ", i, " there is ",
        missing ? "nothing"
                : absl::StrCat(model.tensors[i].name, " ", ShapeToString(model.tensors[i].shape)),
        " where ",
        i < parameters.size()
            ? absl::StrCat(parameters[i].name, " ", ShapeToString(parameters[i].shape))
            : "nothing",
        " should be"));
  }
  return network;
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
