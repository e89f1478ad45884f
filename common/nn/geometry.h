// From checked layers to the sizes and places that kernels are called with.
#pragma once

#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/elementwise/activation.h"
#include "common/kernels/elementwise/group_norm.h"
#include "common/kernels/pooling/pool2d_geometry.h"
#include "common/nn/layer.h"

namespace convoy::nn {

// Of a DepthwiseConv2D, out_channels = in_channels * multiplier. REQUIRES: the layer is one of the
// two.
kernels::Conv2dGeometry Conv2dGeometryOf(const Layer& layer);

// REQUIRES: the layer is a MaxPooling2D, an AveragePooling2D or a GlobalAveragePooling2D.
kernels::Pool2dGeometry Pool2dGeometryOf(const Layer& layer);

// REQUIRES: the layer is a GroupNormalization.
kernels::GroupNormGeometry GroupNormGeometryOf(const Layer& layer);

// Returns the kernel that computes `function`; kLinear for a softmax, which the loss computes.
kernels::Activation ActivationKernel(ActivationFunction function);

// Returns the activation's alpha, 0 where it has none.
float ActivationAlpha(const LayerKind& kind);

// Returns where the layer's weights (Keras: kernel) and its bias begin among the network's
// parameters; -1 without a bias. REQUIRES: the layer has weights.
int64_t WeightOffset(const Layer& layer);
int64_t BiasOffset(const Layer& layer);

// Returns the product of the sizes of a checked shape.
int64_t ElemsOf(const Shape& shape);

}  // namespace convoy::nn
