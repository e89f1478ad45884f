// A checked network: the chain of layers with all shapes known, and where each parameter lies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/nn/layer.h"
#include "common/nn/model_spec.h"

namespace convoy::nn {

// Immutable, so thread-safe. All parameters stand one after another, without gaps, in Keras's order
// and layouts: an array of num_parameters() floats is a set of weights, a gradient or an
// optimizer's slot of this network.
class Network {
 public:
  // Infers and checks every shape; no array is taken. Returns INVALID_ARGUMENT, naming the layer,
  // where shapes do not fit, names repeat, the end is no softmax over at least two classes, or
  // there is no parameter.
  static absl::StatusOr<Network> Create(const ModelSpec& spec);

  const ModelSpec& spec() const { return spec_; }
  const std::vector<Layer>& layers() const { return layers_; }
  Shape input_shape() const { return {spec_.height, spec_.width, spec_.channels}; }
  int64_t input_elems() const { return int64_t{spec_.height} * spec_.width * spec_.channels; }
  int num_classes() const { return static_cast<int>(layers_.back().output[0]); }
  int64_t num_parameters() const { return num_parameters_; }
  int64_t num_trainable() const { return num_trainable_; }

  // Returns all parameters, in the order in which they stand.
  std::vector<Parameter> Parameters() const;

 private:
  Network() = default;

  ModelSpec spec_;
  std::vector<Layer> layers_;
  int64_t num_parameters_ = 0;  // trainable or not
  int64_t num_trainable_ = 0;
};

// Writes the initial weights [num_parameters], a function of the network's shapes and the seed
// alone: kernels Glorot-uniform in +-sqrt(6 / (fan_in + fan_out)), biases zero, as Keras's
// defaults; factors and variances of normalizations one. Source: Glorot, Bengio, "Understanding the
// difficulty of training deep feedforward neural networks", AISTATS 2010.
void InitializeWeights(const Network& network, uint64_t seed, float* weights);

// Returns what the parameters' l2 adds to the loss of an image, in double and in a fixed order.
double L2Penalty(const Network& network, const float* weights);

// Returns a table like Keras's model.summary(), 65 characters wide.
std::string SummaryTable(const Network& network);

}  // namespace convoy::nn
