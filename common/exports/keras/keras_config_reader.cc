// Makes a network out of the chain of Keras's layers. What Keras allows around a classifier and
// Convoy does not is made to fit here: an input of one row becomes an image that is flattened, a
// Reshape that only makes the image goes, Rescaling at the front becomes two numbers, logits get
// their softmax, names that other programs refuse are changed. Each is said to the user.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras_arithmetic.h"
#include "common/exports/keras/keras_chain.h"
#include "common/exports/keras/keras_config.h"
#include "common/exports/keras/keras_layer_reader.h"
#include "common/exports/keras/keras_names.h"
#include "common/nn/layer.h"
#include "common/nn/network.h"
#include "common/nn/window.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

// Returns the sizes after the batch's, or an empty shape if one of them is not known.
Shape SizesOf(const json& value) {
  // Some versions write a tuple so.
  const json& shape = value.is_object() && value.contains("items") ? value["items"] : value;
  Shape sizes;
  for (size_t axis = 1; shape.is_array() && axis < shape.size(); ++axis) {
    if (!shape[axis].is_number_unsigned()) return {};
    sizes.push_back(
        static_cast<int64_t>(std::min<uint64_t>(shape[axis].get<uint64_t>(), uint64_t{1} << 31)));
  }
  return sizes;
}

class NetworkReader {
 public:
  NetworkReader(KerasImageSize size, bool channels_first, Notes* notes)
      : size_(size), notes_(notes) {
    network_.channels_first = channels_first;
  }

  absl::Status Add(const KerasChainLayer& layer) {
    network_.groups.insert(layer.group);
    const JsonFields outer(layer.layer, layer.where);
    const JsonFields config(outer.Find("config"), layer.where);
    CONVOY_RETURN_IF_ERROR(ReadShape(config));
    if (layer.class_name == "InputLayer") return absl::OkStatus();
    if (const auto arithmetic = ReadKerasArithmetic(*layer.layer)) {
      return AddArithmetic(layer, config, *arithmetic);
    }
    if (layer.class_name == "Rescaling" && IsOfPixels(config)) return AddRescaling(config);
    if (layer.class_name == "Reshape") return AddReshape(layer, config);
    CONVOY_RETURN_IF_ERROR(AddLayers(layer, config));
    if (!network_.spec.layers.empty()) outputs_[layer.name] = network_.spec.layers.back().name;
    return absl::OkStatus();
  }

  // Call once, after the last layer.
  absl::StatusOr<KerasNetwork> Finish(const std::string& name) {
    if (!has_input_) {
      return InvalidArgumentTextError(
          "the model was saved before its input's shape was known; call model.build or fit first");
    }
    network_.spec.name = name.empty() ? "sequential" : KerasName(name);
    EndInSoftmax();
    return std::move(network_);
  }

  absl::Status SetShape(const json& shape, const std::string& where) {
    input_ = SizesOf(WithKnownSides(shape));
    const bool image = input_.size() == 2 || input_.size() == 3;
    const bool fits = std::all_of(input_.begin(), input_.end(),
                                  [](int64_t size) { return size <= nn::kMaxImageSide; });
    if (input_.size() != 1 && !(image && fits)) {
      return InvalidArgumentTextError(
          "$0: the input's shape must be [null, height, width, channels], not $1; where sizes are "
          "open, give its height and width",
          where, BriefJson(shape));
    }
    has_input_ = true;
    if (image) SetImage(input_);
    return absl::OkStatus();
  }

 private:
  // Of a network that takes images of any size the caller says the size.
  json WithKnownSides(const json& shape) const {
    const size_t height = network_.channels_first ? 2 : 1;
    if (size_.height == 0 || !shape.is_array() || shape.size() != 4) return shape;
    json known = shape;
    if (shape[height].is_null()) known[height] = static_cast<uint64_t>(size_.height);
    if (shape[height + 1].is_null()) known[height + 1] = static_cast<uint64_t>(size_.width);
    return known;
  }

  // The shape stands in an InputLayer or, in older files, in the first layer of another kind; Keras
  // 2 writes it into both. Keras 3 calls it otherwise.
  absl::Status ReadShape(const JsonFields& config) {
    for (const char* key : {"batch_input_shape", "batch_shape"}) {
      const json* shape = config.Find(key);
      if (shape == nullptr || has_input_) continue;
      CONVOY_RETURN_IF_ERROR(SetShape(*shape, config.where()));
    }
    return absl::OkStatus();
  }

  // [height, width] is grey.
  void SetImage(Shape sizes) {
    if (sizes.size() == 2) {
      sizes.push_back(1);
    } else if (network_.channels_first) {
      std::rotate(sizes.begin(), sizes.begin() + 1, sizes.end());
    }
    network_.spec.height = static_cast<int>(sizes[0]);
    network_.spec.width = static_cast<int>(sizes[1]);
    network_.spec.channels = static_cast<int>(sizes[2]);
  }

  // An input of one row is an image that is flattened first.
  absl::Status MakeImage() {
    if (input_.size() != 1 || network_.spec.height != 0) return absl::OkStatus();
    const int64_t count = input_[0];
    int64_t height = size_.height;
    int64_t width = size_.width;
    if (height == 0) height = width = std::llround(std::sqrt(static_cast<double>(count)));
    const int64_t channels = height * width == 0 ? 0 : count / (height * width);
    if (channels < 1 || height * width * channels != count || height > nn::kMaxImageSide ||
        width > nn::kMaxImageSide || (size_.height == 0 && channels != 1)) {
      return size_.height == 0
                 ? InvalidArgumentTextError(
                       "the input is a row of $0 numbers, which are no image of equal height and "
                       "width; give its height and width",
                       count)
                 : InvalidArgumentTextError(
                       "the input is a row of $0 numbers, which are no image of $1x$2; give its "
                       "height and width",
                       count, height, width);
    }
    SetImage({height, width, channels});
    notes_->push_back(absl::StrCat("the input, a row of ", count, " numbers, is taken as an image ",
                                   ShapeToString({height, width, channels})));
    network_.spec.layers.push_back({.name = Unique("flatten"), .kind = nn::FlattenSpec{}});
    flat_ = true;
    return absl::OkStatus();
  }

  // Whether what the next layer is given are the input's own values.
  bool AtTheFront() const {
    return std::all_of(network_.spec.layers.begin(), network_.spec.layers.end(),
                       [](const nn::LayerSpec& layer) {
                         return std::holds_alternative<nn::FlattenSpec>(layer.kind) ||
                                std::holds_alternative<nn::DropoutSpec>(layer.kind);
                       });
  }

  // Adds what the layer is here.
  absl::Status AddLayers(const KerasChainLayer& layer, const JsonFields& config) {
    CONVOY_RETURN_IF_ERROR(MakeImage());
    if (layer.class_name == "GlobalMaxPooling2D") return AddGlobalMaxPooling(layer, config);
    if (layer.class_name == kNormalization) CONVOY_RETURN_IF_ERROR(CheckNormalization(config));
    const KerasLayerInput given{.flat = flat_, .channels_first = network_.channels_first};
    CONVOY_ASSIGN_OR_RETURN(std::vector<nn::LayerKind> kinds,
                            ReadKerasLayer(layer.class_name, config, given, notes_));
    for (size_t i = 0; i < kinds.size(); ++i) {
      if (auto* add = std::get_if<nn::AddSpec>(&kinds[i])) {
        CONVOY_ASSIGN_OR_RETURN(add->from, OutputOf(layer));
      }
      const bool pointwise = i == 1 && layer.class_name == kSeparableConv2d;
      const bool scales = std::holds_alternative<nn::RescalingSpec>(kinds[i]);
      const std::string suffix = i == 0      ? ""
                                 : pointwise ? "_pointwise"
                                 : scales    ? "_scale"
                                             : "_activation";
      CONVOY_RETURN_IF_ERROR(AddKind(layer, suffix, kinds[i], config));
    }
    return absl::OkStatus();
  }

  // A pool over the whole image, and its one pixel as features.
  absl::Status AddGlobalMaxPooling(const KerasChainLayer& layer, const JsonFields& config) {
    CONVOY_RETURN_IF_ERROR(CheckDataFormat(config, network_.channels_first));
    CONVOY_ASSIGN_OR_RETURN(const bool keeps, config.BoolOr("keepdims", false));
    CONVOY_ASSIGN_OR_RETURN(const Shape given, Given());
    if (given.size() != 3) {
      return InvalidArgumentTextError("$0: needs an image", layer.where);
    }
    const nn::Size2d whole{static_cast<int>(given[0]), static_cast<int>(given[1])};
    const nn::MaxPooling2dSpec pool{.pool = whole, .strides = whole};
    CONVOY_RETURN_IF_ERROR(AddKind(layer, "", pool, config));
    return keeps ? absl::OkStatus() : AddKind(layer, "_flatten", nn::FlattenSpec{}, config);
  }

  // The shape of what the next layer is given: that of the network so far, with an end.
  absl::StatusOr<Shape> Given() const {
    nn::ModelSpec spec = network_.spec;
    const size_t layers = spec.layers.size();
    if (!flat_) spec.layers.push_back({.name = "the image", .kind = nn::FlattenSpec{}});
    const nn::DenseSpec end{.units = 2, .activation = nn::ActivationFunction::kSoftmax};
    spec.layers.push_back({.name = "the end", .kind = end});
    CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(spec));
    return layers == 0 ? network.input_shape() : network.layers()[layers - 1].output;
  }

  // The layer here that gives what an Add takes beside the chain's last value.
  absl::StatusOr<std::string> OutputOf(const KerasChainLayer& layer) const {
    const auto found = outputs_.find(layer.skip);
    if (found != outputs_.end()) return found->second;
    return InvalidArgumentTextError("$0: adds what no layer before it gives", layer.where);
  }

  // A single number for all channels at the front, which brings pixels to the network's range.
  bool IsOfPixels(const JsonFields& config) const {
    const auto is_list = [&config](const char* key) {
      const json* value = config.Find(key);
      return value != nullptr && value->is_array();
    };
    return AtTheFront() && !is_list("scale") && !is_list("offset");
  }

  absl::Status AddRescaling(const JsonFields& config) {
    CONVOY_ASSIGN_OR_RETURN(const double scale, config.Number("scale"));
    CONVOY_ASSIGN_OR_RETURN(const double offset, config.NumberOr("offset", 0));
    if (scale == 0 || !std::isfinite(scale)) return config.Mismatch("scale", "other than 0");
    RescalePixels({scale, offset});
    return absl::OkStatus();
  }

  void RescalePixels(const KerasArithmetic& by) {
    network_.scale *= by.scale;
    network_.offset = network_.offset * by.scale + by.offset;
    network_.rescales = true;
  }

  absl::Status AddArithmetic(const KerasChainLayer& layer, const JsonFields& config,
                             const KerasArithmetic& by) {
    if (AtTheFront()) {
      RescalePixels(by);
      return absl::OkStatus();
    }
    const nn::RescalingSpec spec{.scale = {static_cast<float>(by.scale)},
                                 .offset = {static_cast<float>(by.offset)}};
    CONVOY_RETURN_IF_ERROR(AddKind(layer, "", spec, config));
    outputs_[layer.name] = network_.spec.layers.back().name;
    return absl::OkStatus();
  }

  // Of an image without channels the last axis are its columns.
  absl::Status CheckNormalization(const JsonFields& config) const {
    if (input_.size() != 2 || flat_ || config.Find("axis") == nullptr) return absl::OkStatus();
    return config.Mismatch("axis", "null where images have no channels");
  }

  // A Reshape makes an image of the input, or a row of an image.
  absl::Status AddReshape(const KerasChainLayer& layer, const JsonFields& config) {
    const json* target = config.Find("target_shape");
    if (target != nullptr && target->is_object() && target->contains("items")) {
      target = &(*target)["items"];
    }
    if (target == nullptr || !target->is_array()) return config.Mismatch("target_shape", "a list");
    if (target->size() == 1) {
      CONVOY_RETURN_IF_ERROR(MakeImage());
      return flat_ ? absl::OkStatus() : AddKind(layer, "", nn::FlattenSpec{}, config);
    }
    const bool image = AtTheFront() && (target->size() == 2 || target->size() == 3);
    Shape sizes;
    for (const json& size : *target) {
      sizes.push_back(size.is_number_integer() ? size.get<int64_t>() : 0);
    }
    int64_t known = 1;
    for (const int64_t size : sizes) {
      if (size > nn::kMaxImageSide || size == 0) return config.Mismatch("target_shape", "an image");
      if (size > 0) known *= size;
    }
    int64_t count = 1;
    for (const int64_t size : input_) count *= size;
    for (int64_t& size : sizes) {
      if (size < 0) size = count / known;
    }
    if (!image || flat_ || NumElems(sizes).value_or(0) != count || !KeepsPixels(sizes)) {
      return config.Mismatch("target_shape", "the image that the input is, or one row");
    }
    SetImage(sizes);
    input_ = sizes;
    return absl::OkStatus();
  }

  // Whether the input in this shape is the same image. A row is one with its channels last.
  bool KeepsPixels(const Shape& sizes) const {
    if (input_.size() == 1) {
      return sizes.size() == 2 || !network_.channels_first || sizes[0] == 1;
    }
    return input_.size() > 1 && SidesOf(sizes) == SidesOf(input_);
  }

  std::pair<int64_t, int64_t> SidesOf(const Shape& image) const {
    const size_t first = image.size() == 3 && network_.channels_first ? 1 : 0;
    return {image[first], image[first + 1]};
  }

  absl::Status AddKind(const KerasChainLayer& layer, const std::string& suffix,
                       const nn::LayerKind& kind, const JsonFields& config) {
    const std::string name = Unique(KerasName(layer.name) + suffix);
    if (suffix.empty() && name != layer.name) {
      notes_->push_back(absl::StrCat(layer.where, ": is called '", name, "' here"));
    }
    KerasOrigin origin{.name = layer.name, .group = layer.group, .path = layer.path};
    if (std::holds_alternative<nn::BatchNormalizationSpec>(kind)) {
      CONVOY_ASSIGN_OR_RETURN(origin.has_gamma, config.BoolOr("scale", true));
      CONVOY_ASSIGN_OR_RETURN(origin.has_beta, config.BoolOr("center", true));
    }
    if (layer.class_name == kNormalization) {
      origin.has_gamma = origin.has_beta = false;
      origin.one_number = config.Find("axis") == nullptr;
      origin.variables = {"mean", "variance", "count"};
      origin.renamed = {{"moving_mean", "mean"}, {"moving_variance", "variance"}};
    }
    const bool flattens = !flat_ && std::holds_alternative<nn::FlattenSpec>(kind);
    if (flattens && network_.channels_first && !GivesChannelsLast(layer, config)) {
      network_.channel_major.insert(name);
    }
    if (layer.class_name == kSeparableConv2d) {
      CONVOY_ASSIGN_OR_RETURN(const bool biased, config.BoolOr("use_bias", true));
      origin.variables = {"depthwise_kernel", "pointwise_kernel"};
      if (biased) origin.variables.emplace_back("bias");
      if (suffix == "_pointwise") origin.renamed = {{"kernel", "pointwise_kernel"}};
    }
    flat_ = flat_ || std::holds_alternative<nn::FlattenSpec>(kind) ||
            std::holds_alternative<nn::GlobalAveragePooling2dSpec>(kind);
    network_.spec.layers.push_back({.name = name, .kind = kind});
    network_.origins[name] = std::move(origin);
    return absl::OkStatus();
  }

  // A Flatten that is told so brings the channels to the end first.
  static bool GivesChannelsLast(const KerasChainLayer& layer, const JsonFields& config) {
    const json* format = config.Find("data_format");
    return layer.class_name == kFlatten && format != nullptr && *format == "channels_first";
  }

  std::string Unique(std::string name) {
    while (!names_.insert(name).second) name += "_1";
    return name;
  }

  // Convoy's networks end in a softmax; others give the values before it, or bend them each alone.
  void EndInSoftmax() {
    if (network_.spec.layers.empty()) return;
    nn::LayerSpec& last = network_.spec.layers.back();
    const nn::ActivationFunction activation = nn::LayerActivation(last.kind);
    if (activation == nn::ActivationFunction::kSoftmax) return;
    auto* dense = std::get_if<nn::DenseSpec>(&last.kind);
    auto* layer = std::get_if<nn::ActivationSpec>(&last.kind);
    const bool linear = activation == nn::ActivationFunction::kLinear;
    if (linear && dense != nullptr) {
      dense->activation = nn::ActivationFunction::kSoftmax;
    } else if (linear && layer != nullptr) {
      layer->function = nn::ActivationFunction::kSoftmax;
    } else {
      network_.spec.layers.push_back(
          {.name = Unique("softmax"),
           .kind = nn::ActivationSpec{.function = nn::ActivationFunction::kSoftmax}});
    }
    notes_->push_back(absl::StrCat(
        "the model ends in ", linear ? "logits" : std::string(nn::ActivationName(activation)),
        ": a softmax is added, which makes probabilities of them and keeps their order"));
  }

  const KerasImageSize size_;
  Notes* notes_;
  Shape input_;  // as the file has it: one row or an image
  bool has_input_ = false;
  bool flat_ = false;  // what the next layer is given: features, no image
  std::set<std::string> names_;
  std::map<std::string, std::string> outputs_;  // by Keras's name: the layer here that gives it
  KerasNetwork network_;
};

}  // namespace

absl::StatusOr<KerasNetwork> ReadKerasNetwork(const json& model_config, KerasImageSize size,
                                              Notes* notes) {
  CONVOY_ASSIGN_OR_RETURN(const KerasChain chain, ReadKerasChain(model_config));
  NetworkReader reader(size, chain.channels_first, notes);
  const bool shape_in_a_layer =
      std::any_of(chain.layers.begin(), chain.layers.end(), [](const KerasChainLayer& layer) {
        const JsonFields config(JsonFields(layer.layer, "").Find("config"), "");
        return config.Find("batch_input_shape") != nullptr || config.Find("batch_shape") != nullptr;
      });
  if (!shape_in_a_layer && chain.built_for != nullptr) {
    CONVOY_RETURN_IF_ERROR(reader.SetShape(*chain.built_for, "model_config"));
  }
  for (const KerasChainLayer& layer : chain.layers) CONVOY_RETURN_IF_ERROR(reader.Add(layer));
  return reader.Finish(chain.name);
}

absl::StatusOr<nn::ModelSpec> ReadKerasModelConfig(const json& model_config, Notes* notes) {
  CONVOY_ASSIGN_OR_RETURN(KerasNetwork network, ReadKerasNetwork(model_config, {}, notes));
  return std::move(network.spec);
}

}  // namespace convoy::exports
