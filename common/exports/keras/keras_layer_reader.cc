// A table has a reader for each kind of layer; a reader takes the fields that shape the result and
// refuses any value that would compute something else (channels_first, dilations, groups, other
// data types). What matters only in training becomes a note to the user. Strict, because a network
// that is silently another one is worse than one that is refused.
#include "common/exports/keras/keras_layer_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/nn/window.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

constexpr double kMaxL2 = 1e30;

absl::StatusOr<nn::Padding> ReadPadding(const JsonFields& fields) {
  CONVOY_ASSIGN_OR_RETURN(const std::string name, fields.StringOr("padding", "valid"));
  if (name == "valid") return nn::Padding::kValid;
  if (name == "same") return nn::Padding::kSame;
  return fields.Mismatch("padding", "valid or same");
}

// What the activations that Convoy has only as layers have for alpha where Keras's functions are
// named without one: tf.nn.leaky_relu's default, which is not that of the layer.
constexpr float kLeakyReluAlpha = 0.2F;

// Keras 3 calls the alpha of LeakyReLU negative_slope.
absl::StatusOr<nn::ActivationSpec> ReadAlpha(const JsonFields& fields,
                                             nn::ActivationFunction function) {
  const char* key = fields.Find("negative_slope") != nullptr ? "negative_slope" : "alpha";
  CONVOY_ASSIGN_OR_RETURN(const double alpha,
                          fields.NumberOr(key, static_cast<double>(nn::DefaultAlpha(function))));
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

// An activation is a name; from some versions an object with the name in "config"; or a whole
// layer.
absl::StatusOr<nn::ActivationSpec> ReadActivation(const JsonFields& fields) {
  const json* value = fields.Find("activation");
  if (value == nullptr) return nn::ActivationSpec{};
  const JsonFields nested(value, fields.where());
  const absl::StatusOr<std::string> class_name = nested.String("class_name");
  const ActivationReader* layer = class_name.ok() ? FindActivationLayer(*class_name) : nullptr;
  if (layer != nullptr) return layer->read(JsonFields(nested.Find("config"), fields.where()));
  const json* name = value->is_object() ? nested.Find("config") : value;
  if (name == nullptr || !name->is_string()) return fields.Mismatch("activation", "a name");
  std::vector<std::string> known;
  for (const auto function : {nn::ActivationFunction::kLinear, nn::ActivationFunction::kRelu,
                              nn::ActivationFunction::kSigmoid, nn::ActivationFunction::kTanh,
                              nn::ActivationFunction::kSoftmax, nn::ActivationFunction::kElu,
                              nn::ActivationFunction::kLeakyRelu}) {
    known.emplace_back(nn::ActivationName(function));
    if (*name != known.back()) continue;
    const bool leaky = function == nn::ActivationFunction::kLeakyRelu;
    return nn::ActivationSpec{.function = function,
                              .alpha = leaky ? kLeakyReluAlpha : nn::DefaultAlpha(function)};
  }
  return fields.Mismatch("activation", "one of " + absl::StrJoin(known, ", "));
}

absl::Status CheckChannelsLast(const JsonFields& fields) {
  CONVOY_ASSIGN_OR_RETURN(const std::string format,
                          fields.StringOr("data_format", "channels_last"));
  if (format == "channels_last") return absl::OkStatus();
  return fields.Mismatch("data_format", "channels_last");
}

// Keras 2 writes "float32", Keras 3 an object for the policy, with the name in its config.
absl::Status CheckFloat32(const JsonFields& fields) {
  const json* value = fields.Find("dtype");
  if (value == nullptr) return absl::OkStatus();
  if (value->is_object()) {
    const JsonFields policy(value, fields.where());
    const JsonFields config(policy.Find("config"), fields.where());
    value = config.Find("name");
  }
  if (value != nullptr && *value == "float32") return absl::OkStatus();
  return fields.Mismatch("dtype", "float32");
}

// Returns the l2 of a kernel's regularizer, 0 where there is none; nothing for another kind.
std::optional<float> KernelL2(const JsonFields& fields, const char* key = "kernel_regularizer") {
  const json* value = fields.Find(key);
  if (value == nullptr) return 0.0F;
  const JsonFields regularizer(value, fields.where());
  const JsonFields config(regularizer.Find("config"), fields.where());
  const absl::StatusOr<double> l1 = config.NumberOr("l1", 0);
  const absl::StatusOr<double> l2 = config.Number("l2");
  if (!l1.ok() || !l2.ok() || *l1 != 0 || !(*l2 >= 0 && *l2 <= kMaxL2)) return std::nullopt;
  return static_cast<float>(*l2);
}

absl::StatusOr<nn::LayerKind> ReadConv2d(const JsonFields& fields) {
  nn::Conv2dSpec spec;
  CONVOY_RETURN_IF_ERROR(CheckChannelsLast(fields));
  CONVOY_ASSIGN_OR_RETURN(const nn::Size2d dilation, fields.SizeOr("dilation_rate", {1, 1}));
  if (dilation.height != 1 || dilation.width != 1) return fields.Mismatch("dilation_rate", "1");
  CONVOY_ASSIGN_OR_RETURN(const double groups, fields.NumberOr("groups", 1));
  if (groups != 1) return fields.Mismatch("groups", "1");
  CONVOY_ASSIGN_OR_RETURN(spec.filters, fields.PositiveInt("filters"));
  CONVOY_ASSIGN_OR_RETURN(spec.kernel, fields.Size("kernel_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, fields.SizeOr("strides", {1, 1}));
  CONVOY_ASSIGN_OR_RETURN(spec.padding, ReadPadding(fields));
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadActivation(fields));
  spec.activation = activation.function;
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields).value_or(0);
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadDepthwiseConv2d(const JsonFields& fields) {
  nn::DepthwiseConv2dSpec spec;
  CONVOY_RETURN_IF_ERROR(CheckChannelsLast(fields));
  CONVOY_ASSIGN_OR_RETURN(const nn::Size2d dilation, fields.SizeOr("dilation_rate", {1, 1}));
  if (dilation.height != 1 || dilation.width != 1) return fields.Mismatch("dilation_rate", "1");
  CONVOY_ASSIGN_OR_RETURN(spec.kernel, fields.Size("kernel_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, fields.SizeOr("strides", {1, 1}));
  CONVOY_ASSIGN_OR_RETURN(spec.padding, ReadPadding(fields));
  if (fields.Find("depth_multiplier") != nullptr) {
    CONVOY_ASSIGN_OR_RETURN(spec.depth_multiplier, fields.PositiveInt("depth_multiplier"));
  }
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadActivation(fields));
  spec.activation = activation.function;
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields, "depthwise_regularizer").value_or(0);
  return spec;
}

// One number for all sides, one an axis, or two an axis.
absl::StatusOr<nn::LayerKind> ReadZeroPadding2d(const JsonFields& fields) {
  CONVOY_RETURN_IF_ERROR(CheckChannelsLast(fields));
  const json one = 1;
  const json* value = fields.Find("padding");
  if (value == nullptr) value = &one;
  const auto side = [value](size_t axis, size_t end) -> int {
    const json* at = value;
    if (at->is_array()) at = at->size() == 2 ? &(*at)[axis] : nullptr;
    if (at != nullptr && at->is_array()) at = at->size() == 2 ? &(*at)[end] : nullptr;
    const bool whole = at != nullptr && at->is_number_unsigned() &&
                       at->get<uint64_t>() <= static_cast<uint64_t>(nn::kMaxImageSide);
    return whole ? at->get<int>() : -1;
  };
  const nn::ZeroPadding2dSpec spec{
      .top = side(0, 0), .bottom = side(0, 1), .left = side(1, 0), .right = side(1, 1)};
  if (std::min({spec.top, spec.bottom, spec.left, spec.right}) < 0) {
    return fields.Mismatch("padding", "a number, or one or two for each axis");
  }
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadGroupNormalization(const JsonFields& fields) {
  nn::GroupNormalizationSpec spec;
  for (const char* key : {"center", "scale"}) {
    CONVOY_ASSIGN_OR_RETURN(const bool has, fields.BoolOr(key, true));
    if (!has) return fields.Mismatch(key, "true");
  }
  CONVOY_ASSIGN_OR_RETURN(const double groups, fields.NumberOr("groups", 32));
  if (groups < 1 || groups > 65536) return fields.Mismatch("groups", "a positive number");
  CONVOY_ASSIGN_OR_RETURN(const double epsilon, fields.NumberOr("epsilon", 0.001));
  spec.groups = static_cast<int>(groups);
  spec.epsilon = static_cast<float>(epsilon);
  if (!(spec.epsilon > 0) || !std::isfinite(spec.epsilon)) {
    return fields.Mismatch("epsilon", "positive");
  }
  return spec;
}

// A number, or a list of them.
absl::StatusOr<std::vector<float>> ReadNumbers(const JsonFields& fields, const char* key,
                                               double otherwise) {
  const json* value = fields.Find(key);
  if (value == nullptr || !value->is_array()) {
    CONVOY_ASSIGN_OR_RETURN(const double number, fields.NumberOr(key, otherwise));
    return std::vector<float>{static_cast<float>(number)};
  }
  std::vector<float> numbers;
  for (const json& number : *value) {
    if (!number.is_number()) return fields.Mismatch(key, "a number or a list of them");
    numbers.push_back(number.get<float>());
  }
  return numbers;
}

absl::StatusOr<nn::LayerKind> ReadRescaling(const JsonFields& fields) {
  nn::RescalingSpec spec;
  if (fields.Find("scale") == nullptr) return fields.Mismatch("scale", "a number");
  CONVOY_ASSIGN_OR_RETURN(spec.scale, ReadNumbers(fields, "scale", 1));
  CONVOY_ASSIGN_OR_RETURN(spec.offset, ReadNumbers(fields, "offset", 0));
  return spec;
}

// Whose output it adds, the reader of the whole network knows.
absl::StatusOr<nn::LayerKind> ReadAdd(const JsonFields&) { return nn::AddSpec{}; }

template <typename Spec>
absl::StatusOr<nn::LayerKind> ReadPooling2d(const JsonFields& fields) {
  Spec spec;
  CONVOY_RETURN_IF_ERROR(CheckChannelsLast(fields));
  CONVOY_ASSIGN_OR_RETURN(spec.pool, fields.SizeOr("pool_size", {2, 2}));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, fields.SizeOr("strides", spec.pool));
  CONVOY_ASSIGN_OR_RETURN(spec.padding, ReadPadding(fields));
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadGlobalAveragePooling2d(const JsonFields& fields) {
  CONVOY_RETURN_IF_ERROR(CheckChannelsLast(fields));
  CONVOY_ASSIGN_OR_RETURN(const bool keeps, fields.BoolOr("keepdims", false));
  if (keeps) return fields.Mismatch("keepdims", "false");
  return nn::GlobalAveragePooling2dSpec{};
}

// The axis is a number, or a list with one: -1 or `last`, which on images [batch, height, width,
// channels] is 3, on features 1.
absl::Status CheckLastAxis(const JsonFields& fields, int last) {
  const json* value = fields.Find("axis");
  if (value == nullptr) return absl::OkStatus();
  if (value->is_array() && value->size() == 1) value = &(*value)[0];
  if (*value == -1 || *value == last) return absl::OkStatus();
  return fields.Mismatch("axis", "the last");
}

absl::StatusOr<nn::LayerKind> ReadBatchNormalization(const JsonFields& fields) {
  nn::BatchNormalizationSpec spec;
  CONVOY_ASSIGN_OR_RETURN(const double momentum, fields.NumberOr("momentum", 0.99));
  CONVOY_ASSIGN_OR_RETURN(const double epsilon, fields.NumberOr("epsilon", 0.001));
  spec.momentum = static_cast<float>(momentum);
  spec.epsilon = static_cast<float>(epsilon);
  if (!(spec.momentum >= 0 && spec.momentum < 1)) return fields.Mismatch("momentum", "in [0, 1)");
  if (!(spec.epsilon > 0) || !std::isfinite(spec.epsilon)) {
    return fields.Mismatch("epsilon", "positive");
  }
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadFlatten(const JsonFields& fields) {
  CONVOY_RETURN_IF_ERROR(CheckChannelsLast(fields));
  return nn::FlattenSpec{};
}

absl::StatusOr<nn::LayerKind> ReadDense(const JsonFields& fields) {
  nn::DenseSpec spec;
  CONVOY_ASSIGN_OR_RETURN(spec.units, fields.PositiveInt("units"));
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadActivation(fields));
  spec.activation = activation.function;
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields).value_or(0);
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadDropout(const JsonFields& fields) {
  CONVOY_ASSIGN_OR_RETURN(const double rate, fields.Number("rate"));
  if (!(rate >= 0 && static_cast<float>(rate) < 1)) return fields.Mismatch("rate", "in [0, 1)");
  return nn::DropoutSpec{.rate = static_cast<float>(rate)};
}

absl::StatusOr<nn::LayerKind> ReadActivationLayer(const JsonFields& fields) {
  if (fields.Find("activation") == nullptr) return fields.Mismatch("activation", "a string");
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec spec, ReadActivation(fields));
  return spec;
}

struct LayerReader {
  std::string_view class_name;
  absl::StatusOr<nn::LayerKind> (*read)(const JsonFields&);
};

// The kinds of layers that can be imported, sorted by Keras's name.
constexpr std::array kLayerReaders = {
    LayerReader{"Activation", ReadActivationLayer},
    LayerReader{"Add", ReadAdd},
    LayerReader{"AveragePooling2D", ReadPooling2d<nn::AveragePooling2dSpec>},
    LayerReader{"BatchNormalization", ReadBatchNormalization},
    LayerReader{"Conv2D", ReadConv2d},
    LayerReader{"Dense", ReadDense},
    LayerReader{"DepthwiseConv2D", ReadDepthwiseConv2d},
    LayerReader{"Dropout", ReadDropout},
    LayerReader{"Flatten", ReadFlatten},
    LayerReader{"GlobalAveragePooling2D", ReadGlobalAveragePooling2d},
    LayerReader{"GroupNormalization", ReadGroupNormalization},
    LayerReader{"MaxPooling2D", ReadPooling2d<nn::MaxPooling2dSpec>},
    LayerReader{"Rescaling", ReadRescaling},
    LayerReader{"ZeroPadding2D", ReadZeroPadding2d},
};

// Layers that pass on what they are given, but for training.
constexpr std::array<std::string_view, 20> kIdleLayers = {"ActivityRegularization",
                                                          "AlphaDropout",
                                                          "GaussianDropout",
                                                          "GaussianNoise",
                                                          "RandomBrightness",
                                                          "RandomColorJitter",
                                                          "RandomContrast",
                                                          "RandomErasing",
                                                          "RandomFlip",
                                                          "RandomGrayscale",
                                                          "RandomHeight",
                                                          "RandomHue",
                                                          "RandomRotation",
                                                          "RandomSaturation",
                                                          "RandomSharpness",
                                                          "RandomShear",
                                                          "RandomTranslation",
                                                          "RandomWidth",
                                                          "RandomZoom",
                                                          "SpatialDropout2D"};

// What Keras 1 called its layers.
constexpr std::array<std::string_view, 3> kKeras1Layers = {"AtrousConvolution2D", "Convolution2D",
                                                           "MaxoutDense"};

template <size_t kSize>
bool IsIn(const std::array<std::string_view, kSize>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status UnknownLayer(const std::string& where, const std::string& class_name) {
  if (IsIn(kKeras1Layers, class_name)) {
    return InvalidArgumentTextError(
        "$0: is Keras 1's, in a file that does not say so; load the model in Keras 2 and save it "
        "again",
        where);
  }
  std::vector<std::string> known;
  for (const LayerReader& reader : kLayerReaders) known.emplace_back(reader.class_name);
  for (const ActivationReader& reader : kActivationLayers) known.emplace_back(reader.class_name);
  for (const char* name : {"GlobalMaxPooling2D", "Reshape", kSeparableConv2d}) {
    known.emplace_back(name);
  }
  std::sort(known.begin(), known.end());
  return InvalidArgumentTextError("$0: Convoy has no layer $1, only $2", where, Quoted(class_name),
                                  absl::StrJoin(known, ", "));
}

void NoteWhatOnlyTrainingUses(const JsonFields& fields, Notes* notes) {
  if (!KernelL2(fields)) {
    notes->push_back(absl::StrCat(fields.where(), ": kernel_regularizer is not imported: ",
                                  BriefJson(*fields.Find("kernel_regularizer"))));
  }
  for (const char* key :
       {"bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint",
        "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"}) {
    if (const json* value = fields.Find(key)) {
      notes->push_back(
          absl::StrCat(fields.where(), ": ", key, " is not imported: ", BriefJson(*value)));
    }
  }
  if (const json* trainable = fields.Find("trainable");
      trainable != nullptr && *trainable == false) {
    notes->push_back(absl::StrCat(
        fields.where(), ": is frozen in Keras (trainable: false), further training moves it here"));
  }
}

// Takes the activation out of a layer with a kernel where Convoy has it only as a layer.
template <typename Spec>
absl::StatusOr<std::vector<nn::LayerKind>> Split(Spec spec, const JsonFields& config) {
  if (nn::DefaultAlpha(spec.activation) == 0) return std::vector<nn::LayerKind>{spec};
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadActivation(config));
  spec.activation = nn::ActivationFunction::kLinear;
  return std::vector<nn::LayerKind>{spec, activation};
}

// A convolution of each channel by itself, and one of single pixels, which has bias and activation.
absl::StatusOr<std::vector<nn::LayerKind>> ReadSeparableConv2d(const JsonFields& fields) {
  CONVOY_ASSIGN_OR_RETURN(const nn::LayerKind kind, ReadDepthwiseConv2d(fields));
  auto depthwise = std::get<nn::DepthwiseConv2dSpec>(kind);
  nn::Conv2dSpec pointwise{.kernel = {1, 1}, .strides = {1, 1}};
  CONVOY_ASSIGN_OR_RETURN(pointwise.filters, fields.PositiveInt("filters"));
  pointwise.activation = std::exchange(depthwise.activation, nn::ActivationFunction::kLinear);
  pointwise.use_bias = std::exchange(depthwise.use_bias, false);
  pointwise.kernel_l2 = KernelL2(fields, "pointwise_regularizer").value_or(0);
  CONVOY_ASSIGN_OR_RETURN(std::vector<nn::LayerKind> kinds, Split(pointwise, fields));
  kinds.insert(kinds.begin(), depthwise);
  return kinds;
}

}  // namespace

absl::StatusOr<std::vector<nn::LayerKind>> ReadKerasLayer(const std::string& class_name,
                                                          const JsonFields& config, bool flat,
                                                          Notes* notes) {
  if (IsIn(kIdleLayers, class_name)) {
    notes->push_back(absl::StrCat(config.where(), ": works in training only and is left out"));
    return std::vector<nn::LayerKind>();
  }
  if (const ActivationReader* activation = FindActivationLayer(class_name)) {
    CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec spec, activation->read(config));
    return std::vector<nn::LayerKind>{spec};
  }
  if (class_name == kSeparableConv2d) {
    CONVOY_RETURN_IF_ERROR(CheckFloat32(config));
    NoteWhatOnlyTrainingUses(config, notes);
    return ReadSeparableConv2d(config);
  }
  const auto* reader =
      std::find_if(kLayerReaders.begin(), kLayerReaders.end(),
                   [&class_name](const LayerReader& r) { return r.class_name == class_name; });
  if (reader == kLayerReaders.end()) return UnknownLayer(config.where(), class_name);
  CONVOY_RETURN_IF_ERROR(CheckFloat32(config));
  CONVOY_ASSIGN_OR_RETURN(const nn::LayerKind kind, reader->read(config));
  if (std::holds_alternative<nn::BatchNormalizationSpec>(kind) ||
      std::holds_alternative<nn::GroupNormalizationSpec>(kind)) {
    CONVOY_RETURN_IF_ERROR(CheckLastAxis(config, flat ? 1 : 3));
  }
  NoteWhatOnlyTrainingUses(config, notes);
  if (const auto* conv = std::get_if<nn::Conv2dSpec>(&kind)) return Split(*conv, config);
  if (const auto* dense = std::get_if<nn::DenseSpec>(&kind)) return Split(*dense, config);
  if (const auto* conv = std::get_if<nn::DepthwiseConv2dSpec>(&kind)) return Split(*conv, config);
  return std::vector<nn::LayerKind>{kind};
}

}  // namespace convoy::exports
