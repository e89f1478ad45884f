// Shape inference, a layer at a time: checks sizes against the input and fills in output and
// parameters in Keras's order and layouts. All sizes are bounded here, so that kernels may count
// elements in int.
#include "common/nn/layer.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/nn/window.h"

namespace convoy::nn {
namespace {

// The largest number of elements of one parameter or of one image anywhere in a network: 2^31 - 1,
// so that kernels may count in int.
constexpr int64_t kMaxElems = (int64_t{1} << 31) - 1;

std::string_view TypeOf(const Conv2dSpec&) { return "Conv2D"; }
std::string_view TypeOf(const MaxPooling2dSpec&) { return "MaxPooling2D"; }
std::string_view TypeOf(const FlattenSpec&) { return "Flatten"; }
std::string_view TypeOf(const DenseSpec&) { return "Dense"; }
std::string_view TypeOf(const DropoutSpec&) { return "Dropout"; }
std::string_view TypeOf(const ActivationSpec&) { return "Activation"; }
std::string_view TypeOf(const AveragePooling2dSpec&) { return "AveragePooling2D"; }
std::string_view TypeOf(const GlobalAveragePooling2dSpec&) { return "GlobalAveragePooling2D"; }
std::string_view TypeOf(const BatchNormalizationSpec&) { return "BatchNormalization"; }
std::string_view TypeOf(const GroupNormalizationSpec&) { return "GroupNormalization"; }
std::string_view TypeOf(const RescalingSpec&) { return "Rescaling"; }
std::string_view TypeOf(const ZeroPadding2dSpec&) { return "ZeroPadding2D"; }
std::string_view TypeOf(const DepthwiseConv2dSpec&) { return "DepthwiseConv2D"; }
std::string_view TypeOf(const AddSpec&) { return "Add"; }

bool HasAlpha(ActivationFunction function) { return DefaultAlpha(function) != 0; }

// Adds a kernel, and a bias if `spec` wants one. Checks what all layers with a kernel have.
template <typename Spec>
absl::Status AddKernelAndBias(const Spec& spec, Shape kernel, int64_t fan_in, int64_t fan_out,
                              Layer* layer) {
  if (HasAlpha(spec.activation)) {
    return LayerError(*layer,
                      "LEAKY_RELU and ELU are layers of their own: leave activation out and put "
                      "layers { activation { function: ... } } behind it");
  }
  if (!(spec.kernel_l2 >= 0) || !std::isfinite(spec.kernel_l2)) {
    return LayerError(*layer, "kernel_regularizer: l2 must be 0 or a positive number, not $0",
                      spec.kernel_l2);
  }
  const int64_t outputs = layer->output.back();
  layer->parameters.push_back({.name = layer->name + "/kernel",
                               .shape = std::move(kernel),
                               .initializer = Initializer::kGlorotUniform,
                               .fan_in = fan_in,
                               .fan_out = fan_out,
                               .l2 = spec.kernel_l2});
  if (spec.use_bias) {
    layer->parameters.push_back({.name = layer->name + "/bias", .shape = {outputs}});
  }
  return absl::OkStatus();
}

// Returns the number of elements, or an error that names the layer if kernels could not count them.
absl::StatusOr<int64_t> CountableElems(const Layer& layer, const Shape& shape) {
  const absl::StatusOr<int64_t> elems = NumElems(shape);
  if (!elems.ok() || *elems > kMaxElems) {
    return LayerError(layer, "is too large: an array of $0", ShapeToString(shape));
  }
  return *elems;
}

absl::Status Infer(const Conv2dSpec& spec, Layer* layer) {
  if (spec.filters < 1) return LayerError(*layer, "filters must be at least 1");
  WindowAxis vertical;
  WindowAxis horizontal;
  CONVOY_RETURN_IF_ERROR(PlaceLayerWindows(*layer, "kernel_size", spec.kernel, spec.strides,
                                           spec.padding, &vertical, &horizontal));
  layer->output = {vertical.output, horizontal.output, spec.filters};
  // An image as im2col unrolls it.
  CONVOY_RETURN_IF_ERROR(
      CountableElems(*layer, {vertical.output, horizontal.output, spec.kernel.height,
                              spec.kernel.width, layer->input[2]})
          .status());
  // Keras counts the fans of a convolution with its window (initializers_v2.py, _compute_fans).
  const int64_t window = int64_t{spec.kernel.height} * spec.kernel.width;
  const int64_t channels = layer->input[2];
  return AddKernelAndBias(spec, {spec.kernel.height, spec.kernel.width, channels, spec.filters},
                          window * channels, window * spec.filters, layer);
}

template <typename Spec>
absl::Status InferPool(const Spec& spec, Layer* layer) {
  WindowAxis vertical;
  WindowAxis horizontal;
  CONVOY_RETURN_IF_ERROR(PlaceLayerWindows(*layer, "pool_size", spec.pool, spec.strides,
                                           spec.padding, &vertical, &horizontal));
  layer->output = {vertical.output, horizontal.output, layer->input[2]};
  return absl::OkStatus();
}

absl::Status Infer(const MaxPooling2dSpec& spec, Layer* layer) { return InferPool(spec, layer); }
absl::Status Infer(const AveragePooling2dSpec& spec, Layer* layer) {
  return InferPool(spec, layer);
}

absl::Status Infer(const GlobalAveragePooling2dSpec&, Layer* layer) {
  if (layer->input.size() != 3) {
    return LayerError(*layer, "needs an image, but its input is $0", ShapeToString(layer->input));
  }
  layer->output = {layer->input[2]};
  return absl::OkStatus();
}

absl::Status CheckEpsilon(float epsilon, const Layer& layer) {
  if (epsilon > 0 && std::isfinite(epsilon)) return absl::OkStatus();
  return LayerError(layer, "epsilon must be positive, not $0", epsilon);
}

absl::Status Infer(const BatchNormalizationSpec& spec, Layer* layer) {
  if (!(spec.momentum >= 0 && spec.momentum < 1)) {
    return LayerError(*layer, "momentum must be in [0, 1), not $0", spec.momentum);
  }
  CONVOY_RETURN_IF_ERROR(CheckEpsilon(spec.epsilon, *layer));
  layer->output = layer->input;
  const Shape shape = {layer->input.back()};
  const auto add = [&](const char* name, Initializer initializer, bool trainable) {
    layer->parameters.push_back({.name = absl::StrCat(layer->name, "/", name),
                                 .shape = shape,
                                 .initializer = initializer,
                                 .trainable = trainable,
                                 .moving_momentum = trainable ? 0 : spec.momentum});
  };
  add("gamma", Initializer::kOnes, true);
  add("beta", Initializer::kZeros, true);
  add("moving_mean", Initializer::kZeros, false);
  add("moving_variance", Initializer::kOnes, false);
  return absl::OkStatus();
}

absl::Status Infer(const GroupNormalizationSpec& spec, Layer* layer) {
  CONVOY_RETURN_IF_ERROR(CheckEpsilon(spec.epsilon, *layer));
  const int64_t channels = layer->input.back();
  if (spec.groups < 1 || channels % spec.groups != 0) {
    return LayerError(*layer, "groups must divide the $0 channels, and $1 do not", channels,
                      spec.groups);
  }
  layer->output = layer->input;
  layer->parameters.push_back(
      {.name = layer->name + "/gamma", .shape = {channels}, .initializer = Initializer::kOnes});
  layer->parameters.push_back({.name = layer->name + "/beta", .shape = {channels}});
  return absl::OkStatus();
}

absl::Status CheckPerChannel(const char* field, const std::vector<float>& values,
                             const Layer& layer) {
  const int64_t channels = layer.input.back();
  if (values.size() != 1 && static_cast<int64_t>(values.size()) != channels) {
    return LayerError(layer, "$0 takes one number, or one for each of the $1 channels, not $2",
                      field, channels, values.size());
  }
  for (const float value : values) {
    if (!std::isfinite(value)) return LayerError(layer, "$0 must be finite", field);
  }
  return absl::OkStatus();
}

absl::Status Infer(const RescalingSpec& spec, Layer* layer) {
  CONVOY_RETURN_IF_ERROR(CheckPerChannel("scale", spec.scale, *layer));
  CONVOY_RETURN_IF_ERROR(CheckPerChannel("offset", spec.offset, *layer));
  layer->output = layer->input;
  return absl::OkStatus();
}

absl::Status Infer(const ZeroPadding2dSpec& spec, Layer* layer) {
  if (layer->input.size() != 3) {
    return LayerError(*layer, "needs an image, but its input is $0", ShapeToString(layer->input));
  }
  for (const int side : {spec.top, spec.bottom, spec.left, spec.right}) {
    if (side >= 0 && side <= kMaxImageSide) continue;
    return LayerError(*layer, "padding must be 0 to $0, not $1", kMaxImageSide, side);
  }
  layer->output = {layer->input[0] + spec.top + spec.bottom,
                   layer->input[1] + spec.left + spec.right, layer->input[2]};
  return absl::OkStatus();
}

absl::Status Infer(const DepthwiseConv2dSpec& spec, Layer* layer) {
  constexpr int kMaxMultiplier = 1024;
  if (spec.depth_multiplier < 1 || spec.depth_multiplier > kMaxMultiplier) {
    return LayerError(*layer, "depth_multiplier must be 1 to $0, not $1", kMaxMultiplier,
                      spec.depth_multiplier);
  }
  WindowAxis vertical;
  WindowAxis horizontal;
  CONVOY_RETURN_IF_ERROR(PlaceLayerWindows(*layer, "kernel_size", spec.kernel, spec.strides,
                                           spec.padding, &vertical, &horizontal));
  const int64_t channels = layer->input[2];
  layer->output = {vertical.output, horizontal.output, channels * spec.depth_multiplier};
  // Keras counts the fans as for a convolution of this shape.
  const int64_t window = int64_t{spec.kernel.height} * spec.kernel.width;
  return AddKernelAndBias(spec,
                          {spec.kernel.height, spec.kernel.width, channels, spec.depth_multiplier},
                          window * channels, window * spec.depth_multiplier, layer);
}

// The network knows the other layer, and checks its shape.
absl::Status Infer(const AddSpec&, Layer* layer) {
  layer->output = layer->input;
  return absl::OkStatus();
}

absl::Status Infer(const FlattenSpec&, Layer* layer) {
  CONVOY_ASSIGN_OR_RETURN(const int64_t features, NumElems(layer->input));
  layer->output = {features};
  return absl::OkStatus();
}

absl::Status Infer(const DenseSpec& spec, Layer* layer) {
  if (spec.units < 1) return LayerError(*layer, "units must be at least 1");
  if (layer->input.size() != 1) {
    return LayerError(*layer,
                      "needs a row of features, but its input is $0; put a Flatten layer before it",
                      ShapeToString(layer->input));
  }
  layer->output = {spec.units};
  return AddKernelAndBias(spec, {layer->input[0], spec.units}, layer->input[0], spec.units, layer);
}

absl::Status Infer(const DropoutSpec& spec, Layer* layer) {
  if (!(spec.rate >= 0 && spec.rate < 1)) {
    return LayerError(*layer, "rate must be in [0, 1), not $0", spec.rate);
  }
  layer->output = layer->input;
  return absl::OkStatus();
}

absl::Status Infer(const ActivationSpec& spec, Layer* layer) {
  if (HasAlpha(spec.function) && !(spec.alpha >= 0 && std::isfinite(spec.alpha))) {
    return LayerError(*layer, "alpha must be 0 or a positive number, not $0", spec.alpha);
  }
  layer->output = layer->input;
  return absl::OkStatus();
}

}  // namespace

std::string_view LayerTypeName(const LayerKind& kind) {
  return std::visit([](const auto& spec) { return TypeOf(spec); }, kind);
}

ActivationFunction LayerActivation(const LayerKind& kind) {
  if (const auto* conv = std::get_if<Conv2dSpec>(&kind)) return conv->activation;
  if (const auto* conv = std::get_if<DepthwiseConv2dSpec>(&kind)) return conv->activation;
  if (const auto* dense = std::get_if<DenseSpec>(&kind)) return dense->activation;
  if (const auto* activation = std::get_if<ActivationSpec>(&kind)) return activation->function;
  return ActivationFunction::kLinear;
}

std::string LayerTitle(const Layer& layer) {
  return absl::StrCat("layer '", layer.name, "' (", std::string(LayerTypeName(layer.kind)), ")");
}

absl::Status InferLayer(Layer* layer) {
  CONVOY_RETURN_IF_ERROR(
      std::visit([layer](const auto& spec) { return Infer(spec, layer); }, layer->kind));
  CONVOY_RETURN_IF_ERROR(CountableElems(*layer, layer->output).status());
  for (Parameter& parameter : layer->parameters) {
    CONVOY_ASSIGN_OR_RETURN(parameter.size, CountableElems(*layer, parameter.shape));
  }
  return absl::OkStatus();
}

}  // namespace convoy::nn
