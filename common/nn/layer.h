// A layer of a checked network: what it is, the shapes it works on and the parameters it has.
// Operations say how it is computed (plan/operation.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/shape.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/nn/model_spec.h"

namespace convoy::nn {

// How a parameter's values are drawn before training.
enum class Initializer { kZeros, kOnes, kGlorotUniform };

struct Parameter {
  std::string name;  // "conv1/kernel"
  Shape shape;       // Keras's layout: [height, width, channels, filters], [inputs, units], [units]
  Initializer initializer = Initializer::kZeros;
  int64_t fan_in = 0;   // for kGlorotUniform
  int64_t fan_out = 0;  // for kGlorotUniform
  bool trainable = true;
  // Of state that is not trained: a step makes it old * moving_momentum + the count-weighted mean
  // of the micro-batches' values * (1 - moving_momentum). A pass leaves its value, times its
  // images, where a gradient would be.
  float moving_momentum = 0;
  float l2 = 0;        // adds l2 times the sum of its squares to the loss of training
  int64_t offset = 0;  // of its first element among the network's parameters
  int64_t size = 0;    // elements
};

struct Layer {
  std::string name;
  LayerKind kind;
  int ordinal = 0;  // its number in the network; part of dropout's random key
  Shape input;      // of one image: [height, width, channels] or [features]
  Shape output;
  int skip_from = -1;                 // of an Add: the ordinal of the layer whose output is added
  bool feeds_skip = false;            // whether its output is added somewhere later
  std::vector<Parameter> parameters;  // in Keras's order
};

// Fills output and parameters (without offsets) of `layer` from its name, kind and input. Returns
// INVALID_ARGUMENT, naming the layer, where a size makes no sense or does not fit its input.
absl::Status InferLayer(Layer* layer);

// Returns Keras's class name, such as "MaxPooling2D".
std::string_view LayerTypeName(const LayerKind& kind);

// Returns the activation at the end of the layer; kLinear for a kind that has none.
ActivationFunction LayerActivation(const LayerKind& kind);

// "layer 'NAME' (TYPE)", as errors name it.
std::string LayerTitle(const Layer& layer);

// Returns INVALID_ARGUMENT with "layer 'NAME' (TYPE): " and the text, made as by TextError.
template <typename... Values>
absl::Status LayerError(const Layer& layer, const char* text, const Values&... values) {
  return Annotate(InvalidArgumentTextError(text, values...), LayerTitle(layer));
}

}  // namespace convoy::nn
