// Reads Keras's JSON of a Sequential model. A table has a reader for each kind of layer; a reader
// takes the fields that shape the result and refuses any value that would compute something else
// (channels_first, dilations, groups, other data types). What matters only in training becomes a
// note to the user. A strict reader, because a network that is silently another one is worse than
// one that is refused.
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
#include "common/base/status.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras_config.h"
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

// An activation is a name or, from some versions, an object with the name in "config".
absl::StatusOr<nn::ActivationFunction> ReadActivation(const JsonFields& fields) {
  const json* value = fields.Find("activation");
  if (value == nullptr) return nn::ActivationFunction::kLinear;
  const JsonFields nested(value, fields.where());
  const json* name = value->is_object() ? nested.Find("config") : value;
  std::vector<std::string> known;
  for (const auto function : {nn::ActivationFunction::kLinear, nn::ActivationFunction::kRelu,
                              nn::ActivationFunction::kSigmoid, nn::ActivationFunction::kTanh,
                              nn::ActivationFunction::kSoftmax}) {
    known.emplace_back(nn::ActivationName(function));
    if (name != nullptr && name->is_string() && *name == known.back()) return function;
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
std::optional<float> KernelL2(const JsonFields& fields) {
  const json* value = fields.Find("kernel_regularizer");
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
  CONVOY_ASSIGN_OR_RETURN(spec.activation, ReadActivation(fields));
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields).value_or(0);
  return spec;
}

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
  for (const char* key : {"center", "scale"}) {
    CONVOY_ASSIGN_OR_RETURN(const bool has, fields.BoolOr(key, true));
    if (!has) return fields.Mismatch(key, "true");
  }
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

// Keras 3 calls the alpha of LeakyReLU negative_slope.
template <nn::ActivationFunction kFunction>
absl::StatusOr<nn::LayerKind> ReadActivationWithAlpha(const JsonFields& fields) {
  const char* key = fields.Find("negative_slope") != nullptr ? "negative_slope" : "alpha";
  CONVOY_ASSIGN_OR_RETURN(const double alpha,
                          fields.NumberOr(key, static_cast<double>(nn::DefaultAlpha(kFunction))));
  const nn::ActivationSpec spec{.function = kFunction, .alpha = static_cast<float>(alpha)};
  if (!(spec.alpha >= 0) || !std::isfinite(spec.alpha)) {
    return fields.Mismatch(key, "0 or a positive number");
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
  CONVOY_ASSIGN_OR_RETURN(spec.activation, ReadActivation(fields));
  CONVOY_ASSIGN_OR_RETURN(spec.use_bias, fields.BoolOr("use_bias", true));
  spec.kernel_l2 = KernelL2(fields).value_or(0);
  return spec;
}

absl::StatusOr<nn::LayerKind> ReadDropout(const JsonFields& fields) {
  if (fields.Find("noise_shape") != nullptr) return fields.Mismatch("noise_shape", "null");
  CONVOY_ASSIGN_OR_RETURN(const double rate, fields.Number("rate"));
  if (!(rate >= 0 && static_cast<float>(rate) < 1)) return fields.Mismatch("rate", "in [0, 1)");
  return nn::DropoutSpec{.rate = static_cast<float>(rate)};
}

absl::StatusOr<nn::LayerKind> ReadActivationLayer(const JsonFields& fields) {
  if (fields.Find("activation") == nullptr) return fields.Mismatch("activation", "a string");
  CONVOY_ASSIGN_OR_RETURN(const nn::ActivationFunction function, ReadActivation(fields));
  return nn::ActivationSpec{.function = function};
}

struct LayerReader {
  std::string_view class_name;
  absl::StatusOr<nn::LayerKind> (*read)(const JsonFields&);
};

// The kinds of layers that can be imported, sorted by Keras's name.
constexpr std::array kLayerReaders = {
    LayerReader{"Activation", ReadActivationLayer},
    LayerReader{"AveragePooling2D", ReadPooling2d<nn::AveragePooling2dSpec>},
    LayerReader{"BatchNormalization", ReadBatchNormalization},
    LayerReader{"Conv2D", ReadConv2d},
    LayerReader{"Dense", ReadDense},
    LayerReader{"Dropout", ReadDropout},
    LayerReader{"ELU", ReadActivationWithAlpha<nn::ActivationFunction::kElu>},
    LayerReader{"Flatten", ReadFlatten},
    LayerReader{"GlobalAveragePooling2D", ReadGlobalAveragePooling2d},
    LayerReader{"LeakyReLU", ReadActivationWithAlpha<nn::ActivationFunction::kLeakyRelu>},
    LayerReader{"MaxPooling2D", ReadPooling2d<nn::MaxPooling2dSpec>},
};

absl::Status UnknownLayer(const std::string& where, const std::string& class_name) {
  std::vector<std::string> known;
  for (const LayerReader& reader : kLayerReaders) known.emplace_back(reader.class_name);
  return absl::InvalidArgumentError(absl::StrCat(where, ": Convoy has no layer '", class_name,
                                                 "', only ", absl::StrJoin(known, ", ")));
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

// [batch, height, width, channels]; [batch, height, width] is grey. The batch may be any.
absl::Status ReadInputShape(const json& shape, const std::string& where, nn::ModelSpec* spec) {
  const bool image = shape.is_array() && (shape.size() == 3 || shape.size() == 4);
  bool sizes_known = image;
  for (size_t axis = 1; image && axis < shape.size(); ++axis) {
    sizes_known = sizes_known && shape[axis].is_number_unsigned() &&
                  shape[axis].get<uint64_t>() <= uint64_t{nn::kMaxImageSide};
  }
  if (!sizes_known) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": the input's shape must be [null, height, width, channels], not ",
                     BriefJson(shape)));
  }
  spec->height = shape[1];
  spec->width = shape[2];
  spec->channels = shape.size() == 4 ? shape[3].get<int>() : 1;
  return absl::OkStatus();
}

// Reads the network layer by layer.
class SequentialReader {
 public:
  explicit SequentialReader(Notes* notes) : notes_(notes) {}

  absl::Status Add(const json& layer) {
    const std::string place = absl::StrCat("layer ", position_++);
    const JsonFields outer(&layer, place);
    CONVOY_ASSIGN_OR_RETURN(const std::string class_name, outer.String("class_name"));
    const JsonFields unnamed(outer.Find("config"), place);
    CONVOY_ASSIGN_OR_RETURN(const std::string name, unnamed.String("name"));
    if (name.empty()) return unnamed.Mismatch("name", "a name");
    const JsonFields config(
        outer.Find("config"),
        absl::StrCat("layer '", PrintableName(name), "' (", PrintableName(class_name), ")"));
    CONVOY_RETURN_IF_ERROR(CheckFloat32(config));
    CONVOY_RETURN_IF_ERROR(ReadShape(config));
    if (class_name == "InputLayer") return absl::OkStatus();
    return AddLayer(class_name, name, config);
  }

  // Call once, after the last layer.
  absl::StatusOr<nn::ModelSpec> Finish(std::string name) {
    if (!has_input_) {
      return absl::InvalidArgumentError(
          "the model was saved before its input's shape was known; call model.build or fit first");
    }
    spec_.name = std::move(name);
    return std::move(spec_);
  }

 private:
  static std::string PrintableName(const std::string& name) {
    std::string quoted = BriefJson(name);
    return quoted.substr(1, quoted.size() - 2);
  }

  // The shape stands in an InputLayer or, in older files, in the first layer of another kind; Keras
  // 2 writes it into both. Keras 3 calls it otherwise.
  absl::Status ReadShape(const JsonFields& config) {
    for (const char* key : {"batch_input_shape", "batch_shape"}) {
      const json* shape = config.Find(key);
      if (shape == nullptr || has_input_) continue;
      CONVOY_RETURN_IF_ERROR(ReadInputShape(*shape, config.where(), &spec_));
      has_input_ = true;
    }
    return absl::OkStatus();
  }

  absl::Status AddLayer(const std::string& class_name, const std::string& name,
                        const JsonFields& config) {
    const auto* reader =
        std::find_if(kLayerReaders.begin(), kLayerReaders.end(),
                     [&class_name](const LayerReader& r) { return r.class_name == class_name; });
    if (reader == kLayerReaders.end()) return UnknownLayer(config.where(), class_name);
    CONVOY_ASSIGN_OR_RETURN(nn::LayerKind kind, reader->read(config));
    if (std::holds_alternative<nn::BatchNormalizationSpec>(kind)) {
      CONVOY_RETURN_IF_ERROR(CheckLastAxis(config, flat_ ? 1 : 3));
    }
    flat_ = flat_ || std::holds_alternative<nn::FlattenSpec>(kind) ||
            std::holds_alternative<nn::GlobalAveragePooling2dSpec>(kind);
    NoteWhatOnlyTrainingUses(config, notes_);
    spec_.layers.push_back({.name = name, .kind = std::move(kind)});
    return absl::OkStatus();
  }

  Notes* notes_;
  int position_ = 0;
  bool has_input_ = false;
  bool flat_ = false;  // what the next layer is given: features, no image
  nn::ModelSpec spec_;
};

}  // namespace

absl::StatusOr<nn::ModelSpec> ReadKerasModelConfig(const json& model_config, Notes* notes) {
  const JsonFields outer(&model_config, "model_config");
  CONVOY_ASSIGN_OR_RETURN(const std::string class_name, outer.String("class_name"));
  if (class_name != "Sequential") {
    return outer.Mismatch("class_name", "Sequential, the one kind of model that Convoy has");
  }
  // Before Keras 2.2.3 the list of layers was the whole config.
  const json* config = outer.Find("config");
  const JsonFields fields(config, "model_config");
  const json* layers = config != nullptr && config->is_array() ? config : fields.Find("layers");
  if (layers == nullptr || !layers->is_array()) return fields.Mismatch("layers", "a list");
  SequentialReader reader(notes);
  for (const json& layer : *layers) CONVOY_RETURN_IF_ERROR(reader.Add(layer));
  CONVOY_ASSIGN_OR_RETURN(std::string name, fields.StringOr("name", "sequential"));
  return reader.Finish(std::move(name));
}

}  // namespace convoy::exports
