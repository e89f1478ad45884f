#include "common/nn/geometry.h"

#include "common/base/check.h"
#include "common/nn/window.h"

namespace convoy::nn {

namespace {

// Sets what convolutions and pools have in common: the image, and how the windows lie in it.
template <typename Geometry>
void PlaceInImage(const Layer& layer, Size2d window, Size2d strides, Padding padding,
                  Geometry* geometry) {
  geometry->in_height = static_cast<int>(layer.input[0]);
  geometry->in_width = static_cast<int>(layer.input[1]);
  geometry->stride_height = strides.height;
  geometry->stride_width = strides.width;
  const WindowAxis vertical =
      PlaceWindows(geometry->in_height, window.height, strides.height, padding);
  const WindowAxis horizontal =
      PlaceWindows(geometry->in_width, window.width, strides.width, padding);
  geometry->out_height = vertical.output;
  geometry->out_width = horizontal.output;
  geometry->pad_top = vertical.pad_before;
  geometry->pad_left = horizontal.pad_before;
}

template <typename Spec>
kernels::Pool2dGeometry PoolGeometry(const Layer& layer, const Spec& spec) {
  kernels::Pool2dGeometry geometry{.channels = static_cast<int>(layer.input[2]),
                                   .pool_height = spec.pool.height,
                                   .pool_width = spec.pool.width};
  PlaceInImage(layer, spec.pool, spec.strides, spec.padding, &geometry);
  return geometry;
}

template <typename Spec>
kernels::Conv2dGeometry ConvGeometry(const Layer& layer, const Spec& spec) {
  kernels::Conv2dGeometry geometry{.in_channels = static_cast<int>(layer.input[2]),
                                   .out_channels = static_cast<int>(layer.output[2]),
                                   .kernel_height = spec.kernel.height,
                                   .kernel_width = spec.kernel.width};
  PlaceInImage(layer, spec.kernel, spec.strides, spec.padding, &geometry);
  return geometry;
}

kernels::Pool2dGeometry GlobalPoolGeometry(const Layer& layer) {
  const auto height = static_cast<int>(layer.input[0]);
  const auto width = static_cast<int>(layer.input[1]);
  return {.in_height = height,
          .in_width = width,
          .channels = static_cast<int>(layer.input[2]),
          .out_height = 1,
          .out_width = 1,
          .pool_height = height,
          .pool_width = width};
}

}  // namespace

kernels::Conv2dGeometry Conv2dGeometryOf(const Layer& layer) {
  if (const auto* depthwise = std::get_if<DepthwiseConv2dSpec>(&layer.kind)) {
    return ConvGeometry(layer, *depthwise);
  }
  return ConvGeometry(layer, std::get<Conv2dSpec>(layer.kind));
}

kernels::Pool2dGeometry Pool2dGeometryOf(const Layer& layer) {
  if (const auto* average = std::get_if<AveragePooling2dSpec>(&layer.kind)) {
    return PoolGeometry(layer, *average);
  }
  if (std::holds_alternative<GlobalAveragePooling2dSpec>(layer.kind)) {
    return GlobalPoolGeometry(layer);
  }
  return PoolGeometry(layer, std::get<MaxPooling2dSpec>(layer.kind));
}

kernels::GroupNormGeometry GroupNormGeometryOf(const Layer& layer) {
  const auto& spec = std::get<GroupNormalizationSpec>(layer.kind);
  const int64_t channels = layer.input.back();
  return {.positions = ElemsOf(layer.input) / channels,
          .channels = static_cast<int>(channels),
          .groups = spec.groups,
          .epsilon = double{spec.epsilon}};
}

float ActivationAlpha(const LayerKind& kind) {
  const auto* activation = std::get_if<ActivationSpec>(&kind);
  return activation == nullptr ? 0 : activation->alpha;
}

kernels::Activation ActivationKernel(ActivationFunction function) {
  switch (function) {
    case ActivationFunction::kRelu:
      return kernels::Activation::kRelu;
    case ActivationFunction::kSigmoid:
      return kernels::Activation::kSigmoid;
    case ActivationFunction::kTanh:
      return kernels::Activation::kTanh;
    case ActivationFunction::kLeakyRelu:
      return kernels::Activation::kLeakyRelu;
    case ActivationFunction::kElu:
      return kernels::Activation::kElu;
    case ActivationFunction::kLinear:
    case ActivationFunction::kSoftmax:
      break;
  }
  return kernels::Activation::kLinear;
}

int64_t WeightOffset(const Layer& layer) { return layer.parameters.at(0).offset; }

int64_t BiasOffset(const Layer& layer) {
  return layer.parameters.size() > 1 ? layer.parameters[1].offset : -1;
}

int64_t ElemsOf(const Shape& shape) {
  const absl::StatusOr<int64_t> elems = NumElems(shape);
  CONVOY_CHECK(elems.ok());
  return *elems;
}

}  // namespace convoy::nn
