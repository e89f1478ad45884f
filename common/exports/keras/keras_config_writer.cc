// Writes a network as Keras 2's JSON of a Sequential model, the oldest form that Keras 2, Keras 3
// and TensorFlow.js all read. Every field is spelt out, also where it has Keras's default: defaults
// differ between versions.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <system_error>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_config.h"

namespace convoy::exports {
namespace {

using json = nlohmann::ordered_json;

json Pair(nn::Size2d size) { return json::array({size.height, size.width}); }

const char* PaddingName(nn::Padding padding) {
  return padding == nn::Padding::kSame ? "same" : "valid";
}

std::string Activation(nn::ActivationFunction function) {
  return std::string(nn::ActivationName(function));
}

// Returns the double whose shortest decimal form is that of `value`: 0.1f becomes 0.1, which reads
// back to the same float.
double ShortestDouble(float value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  CONVOY_CHECK(error == std::errc());
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

// What follows the sizes of every layer with a kernel and a bias.
void AddKernelAndBias(nn::ActivationFunction activation, bool use_bias, float kernel_l2,
                      json* config) {
  (*config)["activation"] = Activation(activation);
  (*config)["use_bias"] = use_bias;
  (*config)["kernel_initializer"] = {{"class_name", "GlorotUniform"},
                                     {"config", {{"seed", nullptr}}}};
  (*config)["bias_initializer"] = {{"class_name", "Zeros"}, {"config", json::object()}};
  for (const char* unused : {"kernel_regularizer", "bias_regularizer", "activity_regularizer",
                             "kernel_constraint", "bias_constraint"}) {
    (*config)[unused] = nullptr;
  }
  if (kernel_l2 == 0) return;
  // Keras's own name would be L2, which TensorFlow.js does not know.
  (*config)["kernel_regularizer"] = {{"class_name", "L1L2"},
                                     {"config", {{"l1", 0.0}, {"l2", ShortestDouble(kernel_l2)}}}};
}

// One overload a kind of layer: adds its fields to `config` and returns Keras's name of the kind.
const char* AddFields(const nn::Conv2dSpec& spec, json* config) {
  (*config)["filters"] = spec.filters;
  (*config)["kernel_size"] = Pair(spec.kernel);
  (*config)["strides"] = Pair(spec.strides);
  (*config)["padding"] = PaddingName(spec.padding);
  (*config)["data_format"] = "channels_last";
  (*config)["dilation_rate"] = Pair({1, 1});
  (*config)["groups"] = 1;
  AddKernelAndBias(spec.activation, spec.use_bias, spec.kernel_l2, config);
  return "Conv2D";
}

template <typename Spec>
void AddPool(const Spec& spec, json* config) {
  (*config)["pool_size"] = Pair(spec.pool);
  (*config)["padding"] = PaddingName(spec.padding);
  (*config)["strides"] = Pair(spec.strides);
  (*config)["data_format"] = "channels_last";
}

const char* AddFields(const nn::MaxPooling2dSpec& spec, json* config) {
  AddPool(spec, config);
  return "MaxPooling2D";
}

const char* AddFields(const nn::AveragePooling2dSpec& spec, json* config) {
  AddPool(spec, config);
  return "AveragePooling2D";
}

const char* AddFields(const nn::GlobalAveragePooling2dSpec&, json* config) {
  (*config)["data_format"] = "channels_last";
  (*config)["keepdims"] = false;
  return "GlobalAveragePooling2D";
}

// The axis is the last: a number, which every version takes, also where it would write a list.
const char* AddFields(const nn::BatchNormalizationSpec& spec, json* config) {
  (*config)["axis"] = -1;
  (*config)["momentum"] = ShortestDouble(spec.momentum);
  (*config)["epsilon"] = ShortestDouble(spec.epsilon);
  (*config)["center"] = true;
  (*config)["scale"] = true;
  const auto initializer = [](const char* name) {
    return json{{"class_name", name}, {"config", json::object()}};
  };
  (*config)["beta_initializer"] = initializer("Zeros");
  (*config)["gamma_initializer"] = initializer("Ones");
  (*config)["moving_mean_initializer"] = initializer("Zeros");
  (*config)["moving_variance_initializer"] = initializer("Ones");
  for (const char* unused :
       {"beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"}) {
    (*config)[unused] = nullptr;
  }
  return "BatchNormalization";
}

const char* AddFields(const nn::FlattenSpec&, json* config) {
  (*config)["data_format"] = "channels_last";
  return "Flatten";
}

const char* AddFields(const nn::DenseSpec& spec, json* config) {
  (*config)["units"] = spec.units;
  AddKernelAndBias(spec.activation, spec.use_bias, spec.kernel_l2, config);
  return "Dense";
}

const char* AddFields(const nn::DropoutSpec& spec, json* config) {
  (*config)["rate"] = ShortestDouble(spec.rate);
  (*config)["noise_shape"] = nullptr;
  (*config)["seed"] = nullptr;
  return "Dropout";
}

const char* AddFields(const nn::ActivationSpec& spec, json* config) {
  const bool leaky = spec.function == nn::ActivationFunction::kLeakyRelu;
  if (leaky || spec.function == nn::ActivationFunction::kElu) {
    (*config)["alpha"] = ShortestDouble(spec.alpha);
    return leaky ? "LeakyReLU" : "ELU";
  }
  (*config)["activation"] = Activation(spec.function);
  return "Activation";
}

// The other kinds are refused before anything is written.
template <typename Spec>
const char* AddFields(const Spec&, json*) {
  CONVOY_CHECK(!"a layer that Keras files do not hold");
  return "";
}

json LayerConfig(const nn::LayerSpec& layer) {
  json config = {{"name", layer.name}, {"trainable", true}, {"dtype", "float32"}};
  const std::string class_name =
      std::visit([&config](const auto& spec) { return AddFields(spec, &config); }, layer.kind);
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

// Keras names the input after the first layer; here it must also differ from all others.
std::string InputName(const nn::ModelSpec& spec, const std::set<std::string>& names) {
  std::string name = spec.layers.front().name + "_input";
  while (names.count(name) != 0) name += "_1";
  return name;
}

// The batch's size stays open: null.
json InputConfig(const nn::ModelSpec& spec, const std::string& name) {
  return {{"class_name", "InputLayer"},
          {"config",
           {{"batch_input_shape", json::array({nullptr, spec.height, spec.width, spec.channels})},
            {"dtype", "float32"},
            {"sparse", false},
            {"ragged", false},
            {"name", name}}}};
}

}  // namespace

// The names become scopes of TensorFlow's graph. Source: tensorflow, python/framework/ops.py,
// VALID_SCOPE_NAME_REGEX, less the characters \ and /, at which other readers cut a name.
absl::Status CheckKerasName(const std::string& what, const std::string& name) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-' ||
           c == '>';
  };
  const bool first_allowed =
      !name.empty() && (absl::ascii_isalnum(static_cast<unsigned char>(name[0])) || name[0] == '.');
  if (first_allowed && std::all_of(name.begin(), name.end(), allowed)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      what, " '", absl::CHexEscape(name),
      "': Keras takes only names of letters, digits and . _ - > with a letter, digit or dot first; "
      "rename it in the network's description"));
}

absl::StatusOr<json> KerasModelConfig(const nn::ModelSpec& spec) {
  const std::string name = spec.name.empty() ? "sequential" : spec.name;
  CONVOY_RETURN_IF_ERROR(CheckKerasName("network", name));
  std::set<std::string> names;
  for (const nn::LayerSpec& layer : spec.layers) {
    CONVOY_RETURN_IF_ERROR(CheckKerasName("layer", layer.name));
    names.insert(layer.name);
  }
  if (spec.layers.empty()) return absl::InvalidArgumentError("the network has no layers");
  json layers = json::array({InputConfig(spec, InputName(spec, names))});
  for (const nn::LayerSpec& layer : spec.layers) layers.push_back(LayerConfig(layer));
  return json{{"class_name", "Sequential"},
              {"config", {{"name", name}, {"layers", std::move(layers)}}}};
}

}  // namespace convoy::exports
