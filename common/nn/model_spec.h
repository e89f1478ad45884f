// The description of a network, as people write it: plain values, not yet checked for shapes.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::nn {

enum class Padding { kValid, kSame };
enum class ActivationFunction { kLinear, kRelu, kSigmoid, kTanh, kSoftmax, kLeakyRelu, kElu };

// Returns Keras's name, such as "relu".
std::string_view ActivationName(ActivationFunction function);

// Returns Keras's default alpha of kLeakyRelu and kElu, 0 for the others.
float DefaultAlpha(ActivationFunction function);

struct Size2d {
  int height = 0;
  int width = 0;
};

struct Conv2dSpec {
  int filters = 0;
  Size2d kernel;
  Size2d strides;
  Padding padding = Padding::kValid;
  ActivationFunction activation = ActivationFunction::kLinear;
  bool use_bias = true;
  float kernel_l2 = 0;
};

struct MaxPooling2dSpec {
  Size2d pool;
  Size2d strides;
  Padding padding = Padding::kValid;
};

struct AveragePooling2dSpec {
  Size2d pool;
  Size2d strides;
  Padding padding = Padding::kValid;
};

struct GlobalAveragePooling2dSpec {};

struct BatchNormalizationSpec {
  float momentum = 0.99f;
  float epsilon = 0.001f;
};

struct GroupNormalizationSpec {
  int groups = 32;
  float epsilon = 0.001f;
};

struct RescalingSpec {
  std::vector<float> scale = {1};   // one number, or one a channel
  std::vector<float> offset = {0};  // likewise
};

struct ZeroPadding2dSpec {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;
};

struct DepthwiseConv2dSpec {
  Size2d kernel;
  Size2d strides;
  Padding padding = Padding::kValid;
  ActivationFunction activation = ActivationFunction::kLinear;
  bool use_bias = true;
  float kernel_l2 = 0;
  int depth_multiplier = 1;
};

struct AddSpec {
  std::string from;  // the name of the layer whose output is added
};

struct FlattenSpec {};

struct DenseSpec {
  int units = 0;
  ActivationFunction activation = ActivationFunction::kLinear;
  bool use_bias = true;
  float kernel_l2 = 0;
};

struct DropoutSpec {
  float rate = 0;
};

struct ActivationSpec {
  ActivationFunction function = ActivationFunction::kLinear;
  float alpha = 0;  // of kLeakyRelu and kElu
};

using LayerKind = std::variant<Conv2dSpec, MaxPooling2dSpec, FlattenSpec, DenseSpec, DropoutSpec,
                               ActivationSpec, AveragePooling2dSpec, GlobalAveragePooling2dSpec,
                               BatchNormalizationSpec, GroupNormalizationSpec, RescalingSpec,
                               ZeroPadding2dSpec, DepthwiseConv2dSpec, AddSpec>;

struct LayerSpec {
  std::string name;
  LayerKind kind;
};

struct ModelSpec {
  std::string name;
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<LayerSpec> layers;
};

// Reads a network in protobuf's text format (proto/convoy/v1/model.proto). Layers without a name
// get Keras's ("conv2d", "conv2d_1"). `source` names the text in messages. Returns INVALID_ARGUMENT
// with the line, and the nearest known name where one is misspelt.
absl::StatusOr<ModelSpec> ParseModelSpec(std::string_view text, std::string_view source);

// Returns `spec` in the text format that ParseModelSpec reads; the same bytes for the same network.
std::string ModelSpecToText(const ModelSpec& spec);

}  // namespace convoy::nn
