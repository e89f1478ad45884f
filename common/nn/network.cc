// Makes a network of a description: goes through the layers in their order, gives each its shape
// and its place among the parameters, and refuses what cannot be computed, naming the layer.
#include "common/nn/network.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "common/base/label.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/nn/window.h"

namespace convoy::nn {
namespace {

absl::Status CheckInput(const ModelSpec& spec) {
  for (const int size : {spec.height, spec.width, spec.channels}) {
    if (size < 1 || size > kMaxImageSide) {
      return TextError(
          absl::StatusCode::kInvalidArgument,
          "network '$0': input must have a height, width and channels of 1 to $1, not $2x$3x$4",
          spec.name, kMaxImageSide, spec.height, spec.width, spec.channels);
    }
  }
  if (spec.layers.empty()) {
    return TextError(absl::StatusCode::kInvalidArgument, "network '$0': has no layers", spec.name);
  }
  return absl::OkStatus();
}

absl::Status CheckSoftmaxAtTheEndOnly(const std::vector<Layer>& layers) {
  for (const Layer& layer : layers) {
    const bool last = &layer == &layers.back();
    const bool softmax = LayerActivation(layer.kind) == ActivationFunction::kSoftmax;
    if (softmax && !last) {
      return LayerError(layer, "softmax is only supported at the end of the network");
    }
    if (last && !softmax) {
      return LayerError(layer, "is the last layer, so it must have activation: SOFTMAX");
    }
  }
  const Layer& last = layers.back();
  if (last.output.size() != 1 || last.output[0] < 2 || last.output[0] > kMaxClasses) {
    return LayerError(last, "the network must end in a row of 2 to $0 classes, not $1", kMaxClasses,
                      ShapeToString(last.output));
  }
  return absl::OkStatus();
}

// Finds the layer that an Add adds, among those before it.
absl::Status FindSkip(std::vector<Layer>& before, Layer* layer) {
  const auto* add = std::get_if<AddSpec>(&layer->kind);
  if (add == nullptr) return absl::OkStatus();
  const auto found = std::find_if(before.begin(), before.end(),
                                  [add](const Layer& other) { return other.name == add->from; });
  if (add->from.empty()) {
    return LayerError(*layer, "from is missing: it names the layer whose output is added");
  }
  if (found == before.end()) {
    return LayerError(*layer, "from: no layer before it is called '$0'", add->from);
  }
  if (found->output != layer->input) {
    return LayerError(*layer, "from: '$0' gives $1, but what it is added to is $2", add->from,
                      ShapeToString(found->output), ShapeToString(layer->input));
  }
  layer->skip_from = found->ordinal;
  found->feeds_skip = true;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Network> Network::Create(const ModelSpec& spec) {
  CONVOY_RETURN_IF_ERROR(CheckInput(spec));
  Network network;
  network.spec_ = spec;
  std::set<std::string> names;
  Shape shape = network.input_shape();
  for (const LayerSpec& layer_spec : spec.layers) {
    Layer layer{.name = layer_spec.name,
                .kind = layer_spec.kind,
                .ordinal = static_cast<int>(network.layers_.size()),
                .input = shape,
                .output = {},
                .parameters = {}};
    if (!names.insert(layer.name).second) {
      return LayerError(layer, "another layer has this name already");
    }
    CONVOY_RETURN_IF_ERROR(InferLayer(&layer));
    CONVOY_RETURN_IF_ERROR(FindSkip(network.layers_, &layer));
    for (Parameter& parameter : layer.parameters) {
      parameter.offset = network.num_parameters_;
      network.num_parameters_ += parameter.size;
      if (parameter.trainable) network.num_trainable_ += parameter.size;
    }
    shape = layer.output;
    network.layers_.push_back(std::move(layer));
  }
  CONVOY_RETURN_IF_ERROR(CheckSoftmaxAtTheEndOnly(network.layers_));
  if (network.num_trainable_ == 0) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "network '$0': has no parameters to train; give it a Dense layer", spec.name);
  }
  return network;
}

std::vector<Parameter> Network::Parameters() const {
  std::vector<Parameter> parameters;
  for (const Layer& layer : layers_) {
    parameters.insert(parameters.end(), layer.parameters.begin(), layer.parameters.end());
  }
  return parameters;
}

void InitializeWeights(const Network& network, uint64_t seed, float* weights) {
  uint32_t ordinal = 0;
  for (const Parameter& parameter : network.Parameters()) {
    float* values = weights + parameter.offset;
    RandomSequence random(seed, RandomStream::kInitialWeights, ordinal++);
    if (parameter.initializer != Initializer::kGlorotUniform) {
      const float value = parameter.initializer == Initializer::kOnes ? 1.0f : 0.0f;
      std::fill(values, values + parameter.size, value);
      continue;
    }
    const double limit = std::sqrt(6.0 / static_cast<double>(parameter.fan_in + parameter.fan_out));
    for (int64_t i = 0; i < parameter.size; ++i) {
      values[i] = static_cast<float>((2.0 * random.NextFloat() - 1.0) * limit);
    }
  }
}

double L2Penalty(const Network& network, const float* weights) {
  double penalty = 0;
  for (const Layer& layer : network.layers()) {
    for (const Parameter& parameter : layer.parameters) {
      if (parameter.l2 == 0) continue;
      // Several sums side by side: one would wait for each addition.
      std::array<double, 8> sums{};
      const float* values = weights + parameter.offset;
      for (int64_t i = 0; i < parameter.size; ++i) {
        const auto value = static_cast<double>(values[i]);
        sums[static_cast<size_t>(i) % sums.size()] += value * value;
      }
      for (const double sum : sums) penalty += static_cast<double>(parameter.l2) * sum;
    }
  }
  return penalty;
}

}  // namespace convoy::nn
