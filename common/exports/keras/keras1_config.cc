#include "common/exports/keras/keras1_config.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_chain.h"

namespace convoy::exports {
namespace {

using nlohmann::json;
using Names = std::map<std::string, std::string>;

const Names& Classes() {
  static const auto* const classes =
      new Names{{"Convolution2D", "Conv2D"}, {"SeparableConvolution2D", "SeparableConv2D"}};
  return *classes;
}

const Names& Fields() {
  static const auto* const fields = new Names{{"W_constraint", "kernel_constraint"},
                                              {"W_regularizer", "kernel_regularizer"},
                                              {"b_constraint", "bias_constraint"},
                                              {"b_regularizer", "bias_regularizer"},
                                              {"bias", "use_bias"},
                                              {"border_mode", "padding"},
                                              {"dim_ordering", "data_format"},
                                              {"nb_filter", "filters"},
                                              {"output_dim", "units"},
                                              {"p", "rate"},
                                              {"sigma", "stddev"},
                                              {"subsample", "strides"}};
  return *fields;
}

const std::string& NewName(const Names& names, const std::string& name) {
  const auto found = names.find(name);
  return found == names.end() ? name : found->second;
}

json NewValue(const std::string& field, const json& value) {
  if (field == "data_format" && value == "tf") return "channels_last";
  if (field == "data_format" && value == "th") return "channels_first";
  // A regularizer's numbers stood beside its name.
  if (field.ends_with("_regularizer") && value.is_object()) return {{"config", value}};
  return value;
}

json NewConfig(const json& config) {
  json renamed = json::object();
  for (const auto& [key, value] : config.items()) {
    const std::string& field = NewName(Fields(), key);
    renamed[field] = NewValue(field, value);
  }
  if (config.contains("nb_row") && config.contains("nb_col")) {
    renamed["kernel_size"] = json::array({config["nb_row"], config["nb_col"]});
  }
  return renamed;
}

absl::StatusOr<json> NewLayers(const json& layers, int depth);

// A layer, or a model as one.
absl::StatusOr<json> NewLayer(const json& layer, int depth) {
  if (!layer.is_object() || !layer.contains("class_name") || !layer["class_name"].is_string() ||
      !layer.contains("config")) {
    return layer;
  }
  json renamed = layer;
  const json& config = layer["config"];
  if (config.is_array()) {
    CONVOY_ASSIGN_OR_RETURN(renamed["config"], NewLayers(config, depth));
    return renamed;
  }
  if (!config.is_object()) return layer;
  if (config.contains("layers")) {
    CONVOY_ASSIGN_OR_RETURN(renamed["config"]["layers"], NewLayers(config["layers"], depth));
    return renamed;
  }
  if (config.contains("mode") && config["mode"] != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("layer ", Quoted(config.value("name", json("")).dump()),
                     ": field 'mode' must be 0, the only one that later versions of Keras have"));
  }
  renamed["class_name"] = NewName(Classes(), layer["class_name"].get<std::string>());
  renamed["config"] = NewConfig(config);
  return renamed;
}

absl::StatusOr<json> NewLayers(const json& layers, int depth) {
  if (depth > kMaxKerasNesting) return absl::InvalidArgumentError("models within models, too many");
  json renamed = json::array();
  for (const json& layer : layers) {
    CONVOY_ASSIGN_OR_RETURN(json one, NewLayer(layer, depth + 1));
    renamed.push_back(std::move(one));
  }
  return renamed;
}

}  // namespace

absl::StatusOr<json> FromKeras1(const json& model_config) { return NewLayer(model_config, 0); }

}  // namespace convoy::exports
