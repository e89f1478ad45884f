// Names and layers of Keras that are activations here. An unknown one is refused with the names of
// those that are known.
#include "common/exports/keras/keras_activation.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

// What the activations that Convoy has only as layers have for alpha where Keras's functions are
// named without one: tf.nn.leaky_relu's default, which is not that of the layer.
constexpr float kLeakyReluAlpha = 0.2F;

// SELU is ELU times a number. Source: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-Normalizing
// Neural Networks" (2017).
constexpr float kSeluAlpha = 1.6732632423543772F;
constexpr float kSeluScale = 1.0507009873554805F;
constexpr std::string_view kSelu = "selu";

// TensorFlow's function by the name that it had from 1.14 to 2.0.
constexpr std::string_view kSoftmaxV2 = "softmax_v2";

struct NamedActivation {
  std::string_view name;
  nn::ActivationSpec spec;
};

constexpr std::array kNamedActivations = {
    NamedActivation{"linear", {nn::ActivationFunction::kLinear, 0}},
    NamedActivation{"relu", {nn::ActivationFunction::kRelu, 0}},
    NamedActivation{"sigmoid", {nn::ActivationFunction::kSigmoid, 0}},
    NamedActivation{"tanh", {nn::ActivationFunction::kTanh, 0}},
    NamedActivation{"softmax", {nn::ActivationFunction::kSoftmax, 0}},
    NamedActivation{"elu", {nn::ActivationFunction::kElu, 1}},
    NamedActivation{"leaky_relu", {nn::ActivationFunction::kLeakyRelu, kLeakyReluAlpha}},
    NamedActivation{kSelu, {nn::ActivationFunction::kElu, kSeluAlpha}},
    NamedActivation{kSoftmaxV2, {nn::ActivationFunction::kSoftmax, 0}},
};

// The name of the activation, in newer files that of an object's config; null for anything else.
const json* NameOf(const json& activation) {
  const json* name = &activation;
  if (activation.is_object()) name = JsonFields(&activation, "").Find("config");
  return name != nullptr && name->is_string() ? name : nullptr;
}

// Some versions write a number as {"type": "ndarray", "value": 0.3}.
absl::StatusOr<double> NumberOr(const JsonFields& fields, const char* key, double otherwise) {
  const JsonFields array(fields.Find(key), fields.where());
  return array.Find("value") != nullptr ? array.Number("value") : fields.NumberOr(key, otherwise);
}

// Keras 3 calls the alpha of LeakyReLU negative_slope.
absl::StatusOr<nn::ActivationSpec> ReadAlpha(const JsonFields& fields,
                                             nn::ActivationFunction function) {
  const char* key = fields.Find("negative_slope") != nullptr ? "negative_slope" : "alpha";
  const auto usual = static_cast<double>(nn::DefaultAlpha(function));
  CONVOY_ASSIGN_OR_RETURN(const double alpha, NumberOr(fields, key, usual));
  const nn::ActivationSpec spec{.function = function, .alpha = static_cast<float>(alpha)};
  if (spec.alpha >= 0 && std::isfinite(spec.alpha)) return spec;
  return fields.Mismatch(key, "0 or a positive number");
}

// ReLU with a slope below zero is LeakyReLU; other bounds Convoy does not have.
absl::StatusOr<nn::ActivationSpec> ReadRelu(const JsonFields& fields) {
  if (fields.Find("max_value") != nullptr) return fields.Mismatch("max_value", "null");
  CONVOY_ASSIGN_OR_RETURN(const double threshold, fields.NumberOr("threshold", 0));
  if (threshold != 0) return fields.Mismatch("threshold", "0");
  CONVOY_ASSIGN_OR_RETURN(const double slope, fields.NumberOr("negative_slope", 0));
  if (slope == 0) return nn::ActivationSpec{.function = nn::ActivationFunction::kRelu};
  return ReadAlpha(fields, nn::ActivationFunction::kLeakyRelu);
}

absl::StatusOr<nn::ActivationSpec> ReadSoftmax(const JsonFields& fields) {
  CONVOY_ASSIGN_OR_RETURN(const double axis, fields.NumberOr("axis", -1));
  if (axis != -1 && axis != 1) return fields.Mismatch("axis", "-1");
  return nn::ActivationSpec{.function = nn::ActivationFunction::kSoftmax};
}

struct ActivationReader {
  std::string_view class_name;
  absl::StatusOr<nn::ActivationSpec> (*read)(const JsonFields&);
};

// Activations that are layers of their own, which may also stand where a name is expected.
constexpr std::array kActivationLayers = {
    ActivationReader{
        "ELU",
        [](const JsonFields& fields) { return ReadAlpha(fields, nn::ActivationFunction::kElu); }},
    ActivationReader{"LeakyReLU",
                     [](const JsonFields& fields) {
                       return ReadAlpha(fields, nn::ActivationFunction::kLeakyRelu);
                     }},
    ActivationReader{"ReLU", ReadRelu},
    ActivationReader{"Softmax", ReadSoftmax},
};

const ActivationReader* FindActivationLayer(std::string_view class_name) {
  for (const ActivationReader& reader : kActivationLayers) {
    if (reader.class_name == class_name) return &reader;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<nn::ActivationSpec> ReadKerasActivation(const JsonFields& fields) {
  const json* value = fields.Find("activation");
  if (value == nullptr) return nn::ActivationSpec{};
  const JsonFields nested(value, fields.where());
  const absl::StatusOr<std::string> class_name = nested.String("class_name");
  const ActivationReader* layer = class_name.ok() ? FindActivationLayer(*class_name) : nullptr;
  if (layer != nullptr) return layer->read(JsonFields(nested.Find("config"), fields.where()));
  const json* name = NameOf(*value);
  if (name == nullptr) return fields.Mismatch("activation", "a name");
  std::vector<std::string> known;
  for (const NamedActivation& named : kNamedActivations) {
    if (*name == named.name) return named.spec;
    if (named.name != kSoftmaxV2) known.emplace_back(named.name);
  }
  return fields.Mismatch("activation", "one of " + absl::StrJoin(known, ", "));
}

std::optional<float> ScaleOfKerasActivation(const JsonFields& fields) {
  const json* value = fields.Find("activation");
  const json* name = value == nullptr ? nullptr : NameOf(*value);
  if (name == nullptr || *name != kSelu) return std::nullopt;
  return kSeluScale;
}

std::vector<std::string> KerasActivationLayers() {
  std::vector<std::string> names;
  for (const ActivationReader& reader : kActivationLayers) names.emplace_back(reader.class_name);
  return names;
}

std::optional<absl::StatusOr<nn::ActivationSpec>> ReadKerasActivationLayer(
    const std::string& class_name, const JsonFields& config) {
  const ActivationReader* reader = FindActivationLayer(class_name);
  if (reader == nullptr) return std::nullopt;
  return reader->read(config);
}

}  // namespace convoy::exports
