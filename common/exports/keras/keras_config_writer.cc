// Writes a network as Keras 2's JSON of a Sequential model, or a Functional one where it has skips,
// the oldest forms that Keras 2, Keras 3 and TensorFlow.js all read. Every field is spelt out, also
// where it has Keras's default: defaults differ between versions.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <system_error>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/keras/keras_config.h"

namespace convoy::exports {
namespace {

using nlohmann::ordered_json;

ordered_json Pair(nn::Size2d size) { return ordered_json::array({size.height, size.width}); }

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

// What follows the sizes of every layer with a kernel and a bias; `kernel` is what Keras calls the
// former in the layer's fields.
void AddKernelAndBias(nn::ActivationFunction activation, bool use_bias, float kernel_l2,
                      ordered_json* config, const std::string& kernel = "kernel") {
  (*config)["activation"] = Activation(activation);
  (*config)["use_bias"] = use_bias;
  (*config)[kernel + "_initializer"] = {{"class_name", "GlorotUniform"},
                                        {"config", {{"seed", nullptr}}}};
  (*config)["bias_initializer"] = {{"class_name", "Zeros"}, {"config", ordered_json::object()}};
  for (const std::string& unused : {kernel + "_regularizer", std::string("bias_regularizer"),
                                    std::string("activity_regularizer"), kernel + "_constraint",
                                    std::string("bias_constraint")}) {
    (*config)[unused] = nullptr;
  }
  if (kernel_l2 == 0) return;
  // Keras's own name would be L2, which TensorFlow.js does not know.
  (*config)[kernel + "_regularizer"] = {
      {"class_name", "L1L2"}, {"config", {{"l1", 0.0}, {"l2", ShortestDouble(kernel_l2)}}}};
}

// In their short form. A list, also of one: a single number before the first layer is how Keras's
// users bring pixels to a network's range, and is read as that.
ordered_json Numbers(const std::vector<float>& values) {
  ordered_json list = ordered_json::array();
  for (const float value : values) list.push_back(ShortestDouble(value));
  return list;
}

// One overload a kind of layer: adds its fields to `config` and returns Keras's name of the kind.
const char* AddFields(const nn::Conv2dSpec& spec, ordered_json* config) {
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

const char* AddFields(const nn::DepthwiseConv2dSpec& spec, ordered_json* config) {
  (*config)["kernel_size"] = Pair(spec.kernel);
  (*config)["strides"] = Pair(spec.strides);
  (*config)["padding"] = PaddingName(spec.padding);
  (*config)["depth_multiplier"] = spec.depth_multiplier;
  (*config)["data_format"] = "channels_last";
  (*config)["dilation_rate"] = Pair({1, 1});
  AddKernelAndBias(spec.activation, spec.use_bias, spec.kernel_l2, config, "depthwise");
  return "DepthwiseConv2D";
}

const char* AddFields(const nn::ZeroPadding2dSpec& spec, ordered_json* config) {
  (*config)["padding"] =
      ordered_json::array({Pair({spec.top, spec.bottom}), Pair({spec.left, spec.right})});
  (*config)["data_format"] = "channels_last";
  return "ZeroPadding2D";
}

const char* AddFields(const nn::RescalingSpec& spec, ordered_json* config) {
  (*config)["scale"] = Numbers(spec.scale);
  (*config)["offset"] = Numbers(spec.offset);
  return "Rescaling";
}

const char* AddFields(const nn::AddSpec&, ordered_json*) { return "Add"; }

template <typename Spec>
void AddPool(const Spec& spec, ordered_json* config) {
  (*config)["pool_size"] = Pair(spec.pool);
  (*config)["padding"] = PaddingName(spec.padding);
  (*config)["strides"] = Pair(spec.strides);
  (*config)["data_format"] = "channels_last";
}

const char* AddFields(const nn::MaxPooling2dSpec& spec, ordered_json* config) {
  AddPool(spec, config);
  return "MaxPooling2D";
}

const char* AddFields(const nn::AveragePooling2dSpec& spec, ordered_json* config) {
  AddPool(spec, config);
  return "AveragePooling2D";
}

const char* AddFields(const nn::GlobalAveragePooling2dSpec&, ordered_json* config) {
  (*config)["data_format"] = "channels_last";
  (*config)["keepdims"] = false;
  return "GlobalAveragePooling2D";
}

ordered_json Initializer(const char* name) {
  return {{"class_name", name}, {"config", ordered_json::object()}};
}

// The gain and the offset of a normalization.
void AddGammaAndBeta(ordered_json* config) {
  (*config)["center"] = true;
  (*config)["scale"] = true;
  (*config)["beta_initializer"] = Initializer("Zeros");
  (*config)["gamma_initializer"] = Initializer("Ones");
  for (const char* unused :
       {"beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"}) {
    (*config)[unused] = nullptr;
  }
}

const char* AddFields(const nn::GroupNormalizationSpec& spec, ordered_json* config) {
  (*config)["groups"] = spec.groups;
  (*config)["axis"] = -1;
  (*config)["epsilon"] = ShortestDouble(spec.epsilon);
  AddGammaAndBeta(config);
  return "GroupNormalization";
}

// The axis is the last: a number, which every version takes, also where it would write a list.
const char* AddFields(const nn::BatchNormalizationSpec& spec, ordered_json* config) {
  (*config)["axis"] = -1;
  (*config)["momentum"] = ShortestDouble(spec.momentum);
  (*config)["epsilon"] = ShortestDouble(spec.epsilon);
  AddGammaAndBeta(config);
  (*config)["moving_mean_initializer"] = Initializer("Zeros");
  (*config)["moving_variance_initializer"] = Initializer("Ones");
  return "BatchNormalization";
}

const char* AddFields(const nn::FlattenSpec&, ordered_json* config) {
  (*config)["data_format"] = "channels_last";
  return "Flatten";
}

const char* AddFields(const nn::DenseSpec& spec, ordered_json* config) {
  (*config)["units"] = spec.units;
  AddKernelAndBias(spec.activation, spec.use_bias, spec.kernel_l2, config);
  return "Dense";
}

const char* AddFields(const nn::DropoutSpec& spec, ordered_json* config) {
  (*config)["rate"] = ShortestDouble(spec.rate);
  (*config)["noise_shape"] = nullptr;
  (*config)["seed"] = nullptr;
  return "Dropout";
}

const char* AddFields(const nn::ActivationSpec& spec, ordered_json* config) {
  const bool leaky = spec.function == nn::ActivationFunction::kLeakyRelu;
  if (leaky || spec.function == nn::ActivationFunction::kElu) {
    (*config)["alpha"] = ShortestDouble(spec.alpha);
    return leaky ? "LeakyReLU" : "ELU";
  }
  (*config)["activation"] = Activation(spec.function);
  return "Activation";
}

ordered_json LayerConfig(const nn::LayerSpec& layer) {
  ordered_json config = {{"name", layer.name}, {"trainable", true}, {"dtype", "float32"}};
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
ordered_json InputConfig(const nn::ModelSpec& spec, const std::string& name) {
  return {{"class_name", "InputLayer"},
          {"config",
           {{"batch_input_shape",
             ordered_json::array({nullptr, spec.height, spec.width, spec.channels})},
            {"dtype", "float32"},
            {"sparse", false},
            {"ragged", false},
            {"name", name}}}};
}

// Which layer's output goes where: what a Functional model says of each.
ordered_json Node(const std::string& layer) { return ordered_json::array({layer, 0, 0}); }

ordered_json Inbound(const std::string& before, const nn::LayerSpec& layer) {
  const auto with_options = [](const std::string& name) {
    ordered_json node = Node(name);
    node.push_back(ordered_json::object());
    return node;
  };
  ordered_json sources = ordered_json::array({with_options(before)});
  if (const auto* add = std::get_if<nn::AddSpec>(&layer.kind)) {
    sources.push_back(with_options(add->from));
  }
  return ordered_json::array({std::move(sources)});
}

// A network with skips, in the form that Keras 2 and 3 and TensorFlow.js read: every layer says
// whose outputs it takes.
ordered_json FunctionalConfig(const nn::ModelSpec& spec, const std::string& name,
                              ordered_json layers) {
  for (size_t i = 0; i < layers.size(); ++i) {
    layers[i]["name"] = layers[i]["config"]["name"];
    layers[i]["inbound_nodes"] =
        i == 0 ? ordered_json::array() : Inbound(layers[i - 1]["name"], spec.layers[i - 1]);
  }
  ordered_json inputs = ordered_json::array({Node(layers.front()["name"])});
  ordered_json outputs = ordered_json::array({Node(layers.back()["name"])});
  return {{"class_name", "Functional"},
          {"config",
           {{"name", name},
            {"trainable", true},
            {"layers", std::move(layers)},
            {"input_layers", std::move(inputs)},
            {"output_layers", std::move(outputs)}}}};
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
  return InvalidArgumentTextError(
      "$0 '$1': Keras takes only names of letters, digits and . _ - > with a letter, digit or dot "
      "first; rename it in the network's description",
      what, absl::CHexEscape(name));
}

absl::StatusOr<ordered_json> KerasModelConfig(const nn::ModelSpec& spec) {
  const std::string name = spec.name.empty() ? "sequential" : spec.name;
  CONVOY_RETURN_IF_ERROR(CheckKerasName("network", name));
  std::set<std::string> names;
  for (const nn::LayerSpec& layer : spec.layers) {
    CONVOY_RETURN_IF_ERROR(CheckKerasName("layer", layer.name));
    names.insert(layer.name);
  }
  if (spec.layers.empty()) return absl::InvalidArgumentError("the network has no layers");
  ordered_json layers = ordered_json::array({InputConfig(spec, InputName(spec, names))});
  for (const nn::LayerSpec& layer : spec.layers) layers.push_back(LayerConfig(layer));
  const bool skips = std::any_of(
      spec.layers.begin(), spec.layers.end(),
      [](const nn::LayerSpec& layer) { return std::holds_alternative<nn::AddSpec>(layer.kind); });
  if (skips) return FunctionalConfig(spec, name, std::move(layers));
  return ordered_json{{"class_name", "Sequential"},
                      {"config", {{"name", name}, {"layers", std::move(layers)}}}};
}

}  // namespace convoy::exports
