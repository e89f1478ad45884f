// What the tests of networks share: networks with every layer and option, weights and images for
// them, and the comparison of gradients.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "common/base/label.h"
#include "common/nn/network.h"
#include "common/nn/plan/clear_decisions_testing.h"
#include "common/nn/plan/executor.h"

namespace convoy::nn {

// Returns the network that `layers` (in the text format, without "name" and "input") describe.
Network NetworkOf(int height, int width, int channels, const std::string& layers);

// Returns small networks which together have every kind of layer with every option, in unusual
// sizes. spec().name is a name for the test.
std::vector<Network> OddNetworks();

// Returns these and the built-in ones without batch normalization.
std::vector<Network> AllNetworks();

// Returns small networks with BatchNormalization, in which an image's gradient depends on the
// others of its pass. spec().name is a name for the test.
std::vector<Network> BatchNetworks();

// For the messages of GoogleTest.
void PrintTo(const Network& network, std::ostream* out);

// Returns initial weights with noise on all of them, so that biases are not zero.
std::vector<float> NoisyWeights(const Network& network);

// Returns the values in double.
std::vector<double> ToDouble(const std::vector<float>& values);

// Labelled images, in memory that is not in one piece, and their numbers in the data set.
class TestImages {
 public:
  // Adds a copy of the image `pixels` [elems].
  void Add(const uint8_t* pixels, int64_t elems, Label label, uint32_t index);

  void Append(const TestImages& others);

  // Returns images `first`, ..., `first + count - 1` of these.
  TestImages Slice(int first, int count) const;
  // Returns these in the opposite order.
  TestImages Reversed() const;

  // These are valid until the next Add or Append.
  ImageBatch Batch();
  Pass TrainingPass() const;

  int count() const { return static_cast<int>(labels_.size()); }
  const Label* labels() const { return labels_.data(); }
  // Returns [count, elems], from 0 to 1.
  std::vector<double> UnitValues() const;

 private:
  std::vector<std::vector<uint8_t>> images_;
  std::vector<Label> labels_;
  std::vector<uint32_t> index_;
  std::vector<const uint8_t*> pointers_;
};

// Returns whether a training pass of `images` decides clearly, even with this rounding.
bool DecidesClearly(const Network& network, const std::vector<double>& weights,
                    const TestImages& images, double rounding = kSingleRounding);

// Returns noise images with random labels and numbers; others for another stream.
TestImages NoiseImages(const Network& network, int count, uint32_t stream = 1);

// Draws noise images until `count` of them decide clearly: one by one or, where normalization makes
// them depend on one another, all at once.
TestImages ClearNoiseImages(const Network& network, const std::vector<double>& weights, int count,
                            double rounding = kSingleRounding);

// One parameter of a gradient against the reference.
struct TensorError {
  std::string name;
  double relative_l2 = 0;  // |actual - expected| / |expected|; 0 where both are zero
  // |actual - expected| / |expected| of the whole gradient: for a parameter whose gradient is zero
  // but for rounding, such as a bias before a normalization.
  double part_of_whole = 0;
};

// Returns the errors of all parameters of `actual` [num_parameters], in their order.
std::vector<TensorError> GradientErrors(const Network& network, const std::vector<float>& actual,
                                        const std::vector<double>& expected);

}  // namespace convoy::nn
