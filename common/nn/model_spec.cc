// Reads and writes networks in protobuf's text format (proto/convoy/v1/model.proto); the one file
// of common/nn that knows protobuf. What a message leaves out gets Keras's default, an unnamed
// layer Keras's name for its kind. Shapes are Network::Create's business.
#include "common/nn/model_spec.h"

#include <google/protobuf/text_format.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/textproto/text_proto.h"
#include "convoy/v1/model.pb.h"

namespace convoy::nn {
namespace {

absl::Status InLayer(const absl::Status& error, std::string_view source, const std::string& layer) {
  return Annotate(error, absl::StrCat(std::string(source), ": layer '", layer, "'"));
}

// Keras's one-or-two numbers: one for both axes, or vertical and horizontal.
template <typename Repeated>
absl::StatusOr<Size2d> ReadSize(const Repeated& numbers, Size2d fallback, const char* field) {
  switch (numbers.size()) {
    case 0:
      return fallback;
    case 1:
      return Size2d{numbers[0], numbers[0]};
    case 2:
      return Size2d{numbers[0], numbers[1]};
    default:
      return InvalidArgumentTextError("$0 takes one or two numbers, not $1", field, numbers.size());
  }
}

// Enums are converted by their numbers, so each value must have the same number on both sides, and
// neither side may have one more.
template <typename Ours, typename Theirs>
constexpr bool SameNumber(Ours ours, Theirs theirs) {
  return static_cast<int>(ours) == static_cast<int>(theirs);
}
static_assert(SameNumber(Padding::kValid, v1::VALID));
static_assert(SameNumber(Padding::kSame, v1::SAME) && v1::Padding_MAX == v1::SAME);
static_assert(SameNumber(ActivationFunction::kLinear, v1::LINEAR));
static_assert(SameNumber(ActivationFunction::kRelu, v1::RELU));
static_assert(SameNumber(ActivationFunction::kSigmoid, v1::SIGMOID));
static_assert(SameNumber(ActivationFunction::kTanh, v1::TANH));
static_assert(SameNumber(ActivationFunction::kSoftmax, v1::SOFTMAX));
static_assert(SameNumber(ActivationFunction::kLeakyRelu, v1::LEAKY_RELU));
static_assert(SameNumber(ActivationFunction::kElu, v1::ELU));
static_assert(v1::ActivationFunction_MAX == v1::ELU);

absl::StatusOr<LayerKind> ReadKind(const v1::Conv2D& conv) {
  Conv2dSpec spec{.filters = conv.filters(),
                  .padding = static_cast<Padding>(conv.padding()),
                  .activation = static_cast<ActivationFunction>(conv.activation()),
                  .use_bias = !conv.no_bias(),
                  .kernel_l2 = conv.kernel_regularizer().l2()};
  if (conv.kernel_size().empty()) return InvalidArgumentTextError("kernel_size is missing");
  CONVOY_ASSIGN_OR_RETURN(spec.kernel, ReadSize(conv.kernel_size(), {}, "kernel_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, ReadSize(conv.strides(), {1, 1}, "strides"));
  return spec;
}

template <typename Spec, typename Pool>
absl::StatusOr<LayerKind> ReadPool(const Pool& pool) {
  Spec spec{.padding = static_cast<Padding>(pool.padding())};
  CONVOY_ASSIGN_OR_RETURN(spec.pool, ReadSize(pool.pool_size(), {2, 2}, "pool_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, ReadSize(pool.strides(), spec.pool, "strides"));
  return spec;
}

absl::StatusOr<LayerKind> ReadKind(const v1::Activation& activation) {
  ActivationSpec spec{.function = static_cast<ActivationFunction>(activation.function())};
  spec.alpha = DefaultAlpha(spec.function);
  if (!activation.has_alpha()) return spec;
  if (spec.alpha == 0) return InvalidArgumentTextError("alpha is for LEAKY_RELU and ELU only");
  spec.alpha = activation.alpha();
  return spec;
}

LayerKind ReadKind(const v1::BatchNormalization& normalization) {
  BatchNormalizationSpec spec;
  if (normalization.has_momentum()) spec.momentum = normalization.momentum();
  if (normalization.has_epsilon()) spec.epsilon = normalization.epsilon();
  return spec;
}

GroupNormalizationSpec ReadKind(const v1::GroupNormalization& normalization) {
  GroupNormalizationSpec spec;
  if (normalization.has_groups()) spec.groups = normalization.groups();
  if (normalization.has_epsilon()) spec.epsilon = normalization.epsilon();
  return spec;
}

RescalingSpec ReadKind(const v1::Rescaling& rescaling) {
  RescalingSpec spec;
  if (!rescaling.scale().empty()) {
    spec.scale.assign(rescaling.scale().begin(), rescaling.scale().end());
  }
  if (!rescaling.offset().empty()) {
    spec.offset.assign(rescaling.offset().begin(), rescaling.offset().end());
  }
  return spec;
}

absl::StatusOr<LayerKind> ReadKind(const v1::ZeroPadding2D& zero_padding) {
  const auto& padding = zero_padding.padding();
  if (padding.size() == 4) {
    return ZeroPadding2dSpec{padding[0], padding[1], padding[2], padding[3]};
  }
  CONVOY_ASSIGN_OR_RETURN(const Size2d size, ReadSize(padding, {1, 1}, "padding (or four)"));
  return ZeroPadding2dSpec{size.height, size.height, size.width, size.width};
}

absl::StatusOr<LayerKind> ReadKind(const v1::DepthwiseConv2D& conv) {
  DepthwiseConv2dSpec spec{.padding = static_cast<Padding>(conv.padding()),
                           .activation = static_cast<ActivationFunction>(conv.activation()),
                           .use_bias = !conv.no_bias(),
                           .kernel_l2 = conv.kernel_regularizer().l2()};
  if (conv.has_depth_multiplier()) spec.depth_multiplier = conv.depth_multiplier();
  if (conv.kernel_size().empty()) return InvalidArgumentTextError("kernel_size is missing");
  CONVOY_ASSIGN_OR_RETURN(spec.kernel, ReadSize(conv.kernel_size(), {}, "kernel_size"));
  CONVOY_ASSIGN_OR_RETURN(spec.strides, ReadSize(conv.strides(), {1, 1}, "strides"));
  return spec;
}

absl::StatusOr<LayerKind> ReadKind(const v1::Layer& layer) {
  switch (layer.kind_case()) {
    case v1::Layer::kConv2D:
      return ReadKind(layer.conv2d());
    case v1::Layer::kMaxPooling2D:
      return ReadPool<MaxPooling2dSpec>(layer.max_pooling2d());
    case v1::Layer::kFlatten:
      return FlattenSpec{};
    case v1::Layer::kDense:
      return DenseSpec{.units = layer.dense().units(),
                       .activation = static_cast<ActivationFunction>(layer.dense().activation()),
                       .use_bias = !layer.dense().no_bias(),
                       .kernel_l2 = layer.dense().kernel_regularizer().l2()};
    case v1::Layer::kDropout:
      return DropoutSpec{.rate = layer.dropout().rate()};
    case v1::Layer::kActivation:
      return ReadKind(layer.activation());
    case v1::Layer::kAveragePooling2D:
      return ReadPool<AveragePooling2dSpec>(layer.average_pooling2d());
    case v1::Layer::kGlobalAveragePooling2D:
      return GlobalAveragePooling2dSpec{};
    case v1::Layer::kBatchNormalization:
      return ReadKind(layer.batch_normalization());
    case v1::Layer::kGroupNormalization:
      return ReadKind(layer.group_normalization());
    case v1::Layer::kRescaling:
      return ReadKind(layer.rescaling());
    case v1::Layer::kZeroPadding2D:
      return ReadKind(layer.zero_padding2d());
    case v1::Layer::kDepthwiseConv2D:
      return ReadKind(layer.depthwise_conv2d());
    case v1::Layer::kAdd:
      return AddSpec{.from = layer.add().from()};
    case v1::Layer::kSeparableConv2D:  // written out before
    case v1::Layer::KIND_NOT_SET:
      break;
  }
  std::vector<std::string> kinds;
  const auto* descriptor = v1::Layer::descriptor();
  for (int i = 0; i < descriptor->oneof_decl(0)->field_count(); ++i) {
    kinds.emplace_back(descriptor->oneof_decl(0)->field(i)->name());
  }
  return InvalidArgumentTextError("has no kind; give it one of $0", absl::StrJoin(kinds, ", "));
}

// Returns the two layers that a separable convolution is.
std::vector<v1::Layer> WriteOut(const std::string& name, const v1::SeparableConv2D& separable) {
  std::vector<v1::Layer> layers(2);
  layers[0].set_name(absl::StrCat(name, "_depthwise"));
  v1::DepthwiseConv2D* depthwise = layers[0].mutable_depthwise_conv2d();
  *depthwise->mutable_kernel_size() = separable.kernel_size();
  *depthwise->mutable_strides() = separable.strides();
  depthwise->set_padding(separable.padding());
  depthwise->set_no_bias(true);
  if (separable.has_kernel_regularizer()) {
    *depthwise->mutable_kernel_regularizer() = separable.kernel_regularizer();
  }
  if (separable.has_depth_multiplier()) {
    depthwise->set_depth_multiplier(separable.depth_multiplier());
  }
  layers[1].set_name(name);
  v1::Conv2D* pointwise = layers[1].mutable_conv2d();
  pointwise->set_filters(separable.filters());
  pointwise->add_kernel_size(1);
  pointwise->set_activation(separable.activation());
  pointwise->set_no_bias(separable.no_bias());
  if (separable.has_kernel_regularizer()) {
    *pointwise->mutable_kernel_regularizer() = separable.kernel_regularizer();
  }
  return layers;
}

// Keras's default names: the kind, then the kind with _1, _2, ...
class LayerNamer {
 public:
  std::string Next(const v1::Layer& layer) {
    const auto* field = v1::Layer::descriptor()->FindFieldByNumber(layer.kind_case());
    const std::string kind = field == nullptr ? "layer" : std::string(field->name());
    const int count = counts_[kind]++;
    return count == 0 ? kind : absl::StrCat(kind, "_", count);
  }

 private:
  std::map<std::string, int> counts_;
};

template <typename Repeated>
void WriteSize(Size2d size, Repeated* numbers) {
  numbers->Add(size.height);
  if (size.width != size.height) numbers->Add(size.width);
}

void WriteKind(const Conv2dSpec& spec, v1::Layer* layer) {
  v1::Conv2D* conv = layer->mutable_conv2d();
  conv->set_filters(spec.filters);
  WriteSize(spec.kernel, conv->mutable_kernel_size());
  WriteSize(spec.strides, conv->mutable_strides());
  conv->set_padding(static_cast<v1::Padding>(spec.padding));
  conv->set_activation(static_cast<v1::ActivationFunction>(spec.activation));
  conv->set_no_bias(!spec.use_bias);
  if (spec.kernel_l2 != 0) conv->mutable_kernel_regularizer()->set_l2(spec.kernel_l2);
}

template <typename Spec, typename Pool>
void WritePool(const Spec& spec, Pool* pool) {
  WriteSize(spec.pool, pool->mutable_pool_size());
  WriteSize(spec.strides, pool->mutable_strides());
  pool->set_padding(static_cast<v1::Padding>(spec.padding));
}

void WriteKind(const MaxPooling2dSpec& spec, v1::Layer* layer) {
  WritePool(spec, layer->mutable_max_pooling2d());
}

void WriteKind(const AveragePooling2dSpec& spec, v1::Layer* layer) {
  WritePool(spec, layer->mutable_average_pooling2d());
}

void WriteKind(const GlobalAveragePooling2dSpec&, v1::Layer* layer) {
  layer->mutable_global_average_pooling2d();
}

void WriteKind(const BatchNormalizationSpec& spec, v1::Layer* layer) {
  layer->mutable_batch_normalization()->set_momentum(spec.momentum);
  layer->mutable_batch_normalization()->set_epsilon(spec.epsilon);
}

void WriteKind(const GroupNormalizationSpec& spec, v1::Layer* layer) {
  layer->mutable_group_normalization()->set_groups(spec.groups);
  layer->mutable_group_normalization()->set_epsilon(spec.epsilon);
}

void WriteKind(const RescalingSpec& spec, v1::Layer* layer) {
  v1::Rescaling* rescaling = layer->mutable_rescaling();
  rescaling->mutable_scale()->Add(spec.scale.begin(), spec.scale.end());
  rescaling->mutable_offset()->Add(spec.offset.begin(), spec.offset.end());
}

void WriteKind(const ZeroPadding2dSpec& spec, v1::Layer* layer) {
  for (const int side : {spec.top, spec.bottom, spec.left, spec.right}) {
    layer->mutable_zero_padding2d()->add_padding(side);
  }
}

void WriteKind(const DepthwiseConv2dSpec& spec, v1::Layer* layer) {
  v1::DepthwiseConv2D* conv = layer->mutable_depthwise_conv2d();
  WriteSize(spec.kernel, conv->mutable_kernel_size());
  WriteSize(spec.strides, conv->mutable_strides());
  conv->set_padding(static_cast<v1::Padding>(spec.padding));
  conv->set_activation(static_cast<v1::ActivationFunction>(spec.activation));
  conv->set_no_bias(!spec.use_bias);
  if (spec.kernel_l2 != 0) conv->mutable_kernel_regularizer()->set_l2(spec.kernel_l2);
  conv->set_depth_multiplier(spec.depth_multiplier);
}

void WriteKind(const AddSpec& spec, v1::Layer* layer) { layer->mutable_add()->set_from(spec.from); }

void WriteKind(const FlattenSpec&, v1::Layer* layer) { layer->mutable_flatten(); }

void WriteKind(const DenseSpec& spec, v1::Layer* layer) {
  v1::Dense* dense = layer->mutable_dense();
  dense->set_units(spec.units);
  dense->set_activation(static_cast<v1::ActivationFunction>(spec.activation));
  dense->set_no_bias(!spec.use_bias);
  if (spec.kernel_l2 != 0) dense->mutable_kernel_regularizer()->set_l2(spec.kernel_l2);
}

void WriteKind(const DropoutSpec& spec, v1::Layer* layer) {
  layer->mutable_dropout()->set_rate(spec.rate);
}

void WriteKind(const ActivationSpec& spec, v1::Layer* layer) {
  v1::Activation* activation = layer->mutable_activation();
  activation->set_function(static_cast<v1::ActivationFunction>(spec.function));
  if (DefaultAlpha(spec.function) != 0) activation->set_alpha(spec.alpha);
}

absl::Status AddLayer(const v1::Layer& layer, const std::string& name, std::string_view source,
                      ModelSpec* spec) {
  absl::StatusOr<LayerKind> kind = ReadKind(layer);
  if (!kind.ok()) return InLayer(kind.status(), source, name);
  spec->layers.push_back({.name = name, .kind = *std::move(kind)});
  return absl::OkStatus();
}

}  // namespace

std::string_view ActivationName(ActivationFunction function) {
  switch (function) {
    case ActivationFunction::kLinear:
      return "linear";
    case ActivationFunction::kRelu:
      return "relu";
    case ActivationFunction::kSigmoid:
      return "sigmoid";
    case ActivationFunction::kTanh:
      return "tanh";
    case ActivationFunction::kSoftmax:
      return "softmax";
    case ActivationFunction::kLeakyRelu:
      return "leaky_relu";
    case ActivationFunction::kElu:
      return "elu";
  }
  return "";
}

float DefaultAlpha(ActivationFunction function) {
  if (function == ActivationFunction::kLeakyRelu) return 0.3f;
  return function == ActivationFunction::kElu ? 1.0f : 0.0f;
}

absl::StatusOr<ModelSpec> ParseModelSpec(std::string_view text, std::string_view source) {
  v1::Model model;
  CONVOY_RETURN_IF_ERROR(ParseTextProto(text, source, &model));
  ModelSpec spec{.name = model.name(),
                 .height = model.input().height(),
                 .width = model.input().width(),
                 .channels = model.input().channels() == 0 ? 1 : model.input().channels(),
                 .layers = {}};
  LayerNamer namer;
  for (const v1::Layer& layer : model.layers()) {
    const std::string default_name = namer.Next(layer);
    const std::string name = layer.name().empty() ? default_name : layer.name();
    if (layer.has_separable_conv2d()) {
      for (const v1::Layer& part : WriteOut(name, layer.separable_conv2d())) {
        CONVOY_RETURN_IF_ERROR(AddLayer(part, part.name(), source, &spec));
      }
    } else {
      CONVOY_RETURN_IF_ERROR(AddLayer(layer, name, source, &spec));
    }
  }
  return spec;
}

std::string ModelSpecToText(const ModelSpec& spec) {
  v1::Model model;
  model.set_name(spec.name);
  model.mutable_input()->set_height(spec.height);
  model.mutable_input()->set_width(spec.width);
  model.mutable_input()->set_channels(spec.channels);
  for (const LayerSpec& layer_spec : spec.layers) {
    v1::Layer* layer = model.add_layers();
    layer->set_name(layer_spec.name);
    std::visit([layer](const auto& kind) { WriteKind(kind, layer); }, layer_spec.kind);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(model, &text);
  return text;
}

}  // namespace convoy::nn
