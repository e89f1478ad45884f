// Keras 3 reads a .keras archive only if every object says which module it is from; some fields are
// called otherwise than in Keras 2. So this rewrites the JSON of keras_config_writer.cc.
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "common/exports/keras/keras_config.h"

namespace convoy::exports {
namespace {

using nlohmann::ordered_json;

ordered_json WithModule(const char* module, const ordered_json& object, ordered_json config) {
  return {{"module", module},
          {"class_name", object["class_name"]},
          {"config", std::move(config)},
          {"registered_name", nullptr}};
}

void Rename(const char* from, const char* to, ordered_json* config) {
  if (!config->contains(from)) return;
  (*config)[to] = (*config)[from];
  config->erase(from);
}

ordered_json Layer(const ordered_json& layer) {
  ordered_json config = layer["config"];
  config["dtype"] = {{"module", "keras"},
                     {"class_name", "DTypePolicy"},
                     {"config", {{"name", config["dtype"]}}},
                     {"registered_name", nullptr}};
  Rename("batch_input_shape", "batch_shape", &config);
  config.erase("ragged");  // of InputLayer; Keras 3 up to 3.9 refuses it
  if (layer["class_name"] == "LeakyReLU") Rename("alpha", "negative_slope", &config);
  for (auto field = config.begin(); field != config.end(); ++field) {
    const ordered_json value = field.value();
    if (field.key() == "dtype" || !value.is_object() || !value.contains("class_name")) continue;
    const bool regularizer = absl::EndsWith(field.key(), "_regularizer");
    field.value() = WithModule(regularizer ? "keras.regularizers" : "keras.initializers", value,
                               value["config"]);
  }
  ordered_json result = WithModule("keras.layers", layer, std::move(config));
  for (const char* key : {"name", "inbound_nodes"}) {  // of a Functional model
    if (layer.contains(key)) result[key] = layer[key];
  }
  return result;
}

}  // namespace

ordered_json Keras3ModelConfig(const ordered_json& model_config) {
  ordered_json config = model_config["config"];
  for (ordered_json& layer : config["layers"]) layer = Layer(layer);
  const bool functional = model_config["class_name"] == "Functional";
  return WithModule(functional ? "keras.src.models.functional" : "keras", model_config,
                    std::move(config));
}

}  // namespace convoy::exports
