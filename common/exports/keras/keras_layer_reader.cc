// A table has a reader for each kind of layer; a reader takes the fields that shape the result and
// refuses any value that would compute something else (dilations, groups, other data types). What
// matters only in training becomes a note to the user. Strict, because a network that is silently
// another one is worse than one that is refused.
#include "common/exports/keras/keras_layer_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/keras/keras_activation.h"
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

// Keras 2 writes "float32", Keras 3 an object for the policy, with the name in its config. With a
// mixed policy the weights are float32, too.
absl::Status CheckFloat32(const JsonFields& fields, Notes* notes) {
  const json* value = fields.Find("dtype");
  if (value == nullptr) return absl::OkStatus();
  if (value->is_object()) {
    const JsonFields policy(value, fields.where());
    const JsonFields config(policy.Find("config"), fields.where());
    value = config.Find("name");
  }
  if (value != nullptr && *value == "float32") return absl::OkStatus();
  if (value != nullptr && (*value == "mixed_float16" || *value == "mixed_bfloat16")) {
    const std::string note = absl::StrCat("the model computes in ", value->get<std::string>(),
                                          " in Keras, in float32 here");
    if (std::find(notes->begin(), notes->end(), note) == notes->end()) notes->push_back(note);
    return absl::OkStatus();
  }
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
  CONVOY_ASSIGN_OR_RETURN(const nn::Size2d dilation, fields.SizeOr("dilation_rate", {1, 1}));
  if (dilation.height != 1 || dilation.width != 1) return fields.Mismatch("dilation_rate", "1");
  CONVOY_ASSIGN_OR_RETURN(const double groups, fields.NumberOr("groups", 1));
  if (groups != 1) return fields.Mismatch("groups", "1");
  CONVOY_ASSIGN_OR_RETURN(spec.filters, fields.PositiveInt("filters"));
  CONVOY_ASSIGN_OR_RETURN(spec.kernel, fields.Size("kernel_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, fields.SizeOr("strides", {1, 1}));
  CONVOY_ASSIGN_OR_RETURN(spec.padding, ReadPadding(fields));
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadKerasActivation(fields));
  spec.activation = activation.function;
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields).value_or(0);
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadDepthwiseConv2d(const JsonFields& fields) {
  nn::DepthwiseConv2dSpec spec;
  CONVOY_ASSIGN_OR_RETURN(const nn::Size2d dilation, fields.SizeOr("dilation_rate", {1, 1}));
  if (dilation.height != 1 || dilation.width != 1) return fields.Mismatch("dilation_rate", "1");
  CONVOY_ASSIGN_OR_RETURN(spec.kernel, fields.Size("kernel_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, fields.SizeOr("strides", {1, 1}));
  CONVOY_ASSIGN_OR_RETURN(spec.padding, ReadPadding(fields));
  if (fields.Find("depth_multiplier") != nullptr) {
    CONVOY_ASSIGN_OR_RETURN(spec.depth_multiplier, fields.PositiveInt("depth_multiplier"));
  }
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadKerasActivation(fields));
  spec.activation = activation.function;
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields, "depthwise_regularizer").value_or(0);
  return spec;
}

// One number for all sides, one an axis, or two an axis.
absl::StatusOr<nn::LayerKind> ReadZeroPadding2d(const JsonFields& fields) {
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

// Normalization by numbers in the settings rescales; by weights it is a batch normalization without
// gamma and beta. Keras divides by the deviation or 1e-7, whichever is more.
absl::StatusOr<nn::LayerKind> ReadNormalization(const JsonFields& fields) {
  constexpr float kLeastDeviation = 1e-7F;
  CONVOY_ASSIGN_OR_RETURN(const bool inverts, fields.BoolOr("invert", false));
  if (inverts) return fields.Mismatch("invert", "false");
  if (fields.Find("mean") == nullptr && fields.Find("variance") == nullptr) {
    return nn::BatchNormalizationSpec{.epsilon = kLeastDeviation * kLeastDeviation};
  }
  CONVOY_ASSIGN_OR_RETURN(const std::vector<float> mean, ReadNumbers(fields, "mean", 0));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<float> variance, ReadNumbers(fields, "variance", 1));
  if (mean.size() != variance.size()) return fields.Mismatch("variance", "as many as `mean`");
  nn::RescalingSpec spec{.scale = {}, .offset = {}};
  for (size_t i = 0; i < mean.size(); ++i) {
    spec.scale.push_back(1 / std::max(std::sqrt(variance[i]), kLeastDeviation));
    spec.offset.push_back(-mean[i] * spec.scale.back());
  }
  return spec;
}

// Whose output it adds, the reader of the whole network knows.
absl::StatusOr<nn::LayerKind> ReadAdd(const JsonFields&) { return nn::AddSpec{}; }

template <typename Spec>
absl::StatusOr<nn::LayerKind> ReadPooling2d(const JsonFields& fields) {
  Spec spec;
  CONVOY_ASSIGN_OR_RETURN(spec.pool, fields.SizeOr("pool_size", {2, 2}));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, fields.SizeOr("strides", spec.pool));
  CONVOY_ASSIGN_OR_RETURN(spec.padding, ReadPadding(fields));
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadGlobalAveragePooling2d(const JsonFields& fields) {
  CONVOY_ASSIGN_OR_RETURN(const bool keeps, fields.BoolOr("keepdims", false));
  if (keeps) return fields.Mismatch("keepdims", "false");
  return nn::GlobalAveragePooling2dSpec{};
}

// The axis of a normalization is a number, or a list with one: that of the channels, which is 3 on
// images [batch, height, width, channels], 1 on features and where channels come first.
absl::Status CheckAxis(const JsonFields& fields, const KerasLayerInput& input) {
  const json* value = fields.Find("axis");
  if (value == nullptr) return absl::OkStatus();
  if (value->is_array() && value->size() == 1) value = &(*value)[0];
  const bool last = input.flat || !input.channels_first;
  if (*value == (input.flat || input.channels_first ? 1 : 3) || (last && *value == -1)) {
    return absl::OkStatus();
  }
  return fields.Mismatch("axis", last ? "the last" : "1");
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

absl::StatusOr<nn::LayerKind> ReadFlatten(const JsonFields&) { return nn::FlattenSpec{}; }

absl::StatusOr<nn::LayerKind> ReadDense(const JsonFields& fields) {
  nn::DenseSpec spec;
  CONVOY_ASSIGN_OR_RETURN(spec.units, fields.PositiveInt("units"));
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadKerasActivation(fields));
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
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec spec, ReadKerasActivation(fields));
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
    LayerReader{kFlatten, ReadFlatten},
    LayerReader{"GlobalAveragePooling2D", ReadGlobalAveragePooling2d},
    LayerReader{"GroupNormalization", ReadGroupNormalization},
    LayerReader{"MaxPooling2D", ReadPooling2d<nn::MaxPooling2dSpec>},
    LayerReader{kNormalization, ReadNormalization},
    LayerReader{"Rescaling", ReadRescaling},
    LayerReader{"ZeroPadding2D", ReadZeroPadding2d},
};

// Layers that pass on what they are given, but for training.
constexpr std::array<std::string_view, 29> kIdleLayers = {"ActivityRegularization",
                                                          "AlphaDropout",
                                                          "AugMix",
                                                          "CutMix",
                                                          "GaussianDropout",
                                                          "GaussianNoise",
                                                          "MixUp",
                                                          "RandAugment",
                                                          "RandomBrightness",
                                                          "RandomColorJitter",
                                                          "RandomContrast",
                                                          "RandomElasticTransform",
                                                          "RandomErasing",
                                                          "RandomFlip",
                                                          "RandomGaussianBlur",
                                                          "RandomGrayscale",
                                                          "RandomHeight",
                                                          "RandomHue",
                                                          "RandomInvert",
                                                          "RandomPerspective",
                                                          "RandomPosterization",
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
  if (class_name == "Lambda") {
    return InvalidArgumentTextError(
        "$0: is code in Python, which Convoy does not run; save the model with a layer in its "
        "place, such as Rescaling",
        where);
  }
  std::vector<std::string> known;
  for (const LayerReader& reader : kLayerReaders) known.emplace_back(reader.class_name);
  for (std::string& name : KerasActivationLayers()) known.push_back(std::move(name));
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
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationSpec activation, ReadKerasActivation(config));
  spec.activation = nn::ActivationFunction::kLinear;
  return std::vector<nn::LayerKind>{spec, activation};
}

// The layer, with its activation as a layer of its own where that is needed.
absl::StatusOr<std::vector<nn::LayerKind>> Split(const nn::LayerKind& kind,
                                                 const JsonFields& config) {
  if (const auto* conv = std::get_if<nn::Conv2dSpec>(&kind)) return Split(*conv, config);
  if (const auto* dense = std::get_if<nn::DenseSpec>(&kind)) return Split(*dense, config);
  if (const auto* conv = std::get_if<nn::DepthwiseConv2dSpec>(&kind)) return Split(*conv, config);
  return std::vector<nn::LayerKind>{kind};
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

absl::Status CheckDataFormat(const JsonFields& config, bool channels_first) {
  const std::string expected = channels_first ? "channels_first" : "channels_last";
  CONVOY_ASSIGN_OR_RETURN(const std::string format, config.StringOr("data_format", expected));
  if (format == expected) return absl::OkStatus();
  return config.Mismatch("data_format", expected + ", as in other layers");
}

absl::StatusOr<std::vector<nn::LayerKind>> ReadKerasLayer(const std::string& class_name,
                                                          const JsonFields& config,
                                                          const KerasLayerInput& input,
                                                          Notes* notes) {
  if (class_name == "Identity") return std::vector<nn::LayerKind>();
  if (IsIn(kIdleLayers, class_name)) {
    notes->push_back(absl::StrCat(config.where(), ": works in training only and is left out"));
    return std::vector<nn::LayerKind>();
  }
  if (const auto activation = ReadKerasActivationLayer(class_name, config)) {
    CONVOY_RETURN_IF_ERROR(activation->status());
    return std::vector<nn::LayerKind>{**activation};
  }
  const bool separable = class_name == kSeparableConv2d;
  const auto* reader =
      std::find_if(kLayerReaders.begin(), kLayerReaders.end(),
                   [&class_name](const LayerReader& r) { return r.class_name == class_name; });
  if (reader == kLayerReaders.end() && !separable) return UnknownLayer(config.where(), class_name);
  CONVOY_RETURN_IF_ERROR(CheckFloat32(config, notes));
  // Of a Flatten it says in which order the features are to come (keras_config_reader.cc).
  if (class_name != kFlatten || !input.channels_first) {
    CONVOY_RETURN_IF_ERROR(CheckDataFormat(config, input.channels_first));
  }
  if (absl::EndsWith(class_name, kNormalization)) {
    CONVOY_RETURN_IF_ERROR(CheckAxis(config, input));
  }
  const json* scale =
      config.Find("scale");  // Keras takes a list for the last axis, whatever that is
  if (class_name == "Rescaling" && input.channels_first && scale != nullptr && scale->is_array()) {
    return config.Mismatch("scale", "a number where channels come first");
  }
  NoteWhatOnlyTrainingUses(config, notes);
  std::vector<nn::LayerKind> kinds;
  if (separable) {
    CONVOY_ASSIGN_OR_RETURN(kinds, ReadSeparableConv2d(config));
  } else {
    CONVOY_ASSIGN_OR_RETURN(const nn::LayerKind kind, reader->read(config));
    CONVOY_ASSIGN_OR_RETURN(kinds, Split(kind, config));
  }
  if (const std::optional<float> factor = ScaleOfKerasActivation(config)) {
    kinds.push_back(nn::RescalingSpec{.scale = {*factor}});
  }
  return kinds;
}

}  // namespace convoy::exports
