#include "common/nn/plan/reference_network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/nn/plan/network_testing.h"

namespace convoy::nn {
namespace {

// A step this small in one weight decides nothing anew where images decide this clearly.
constexpr double kStep = 1e-5;
constexpr double kRounding = 1e-4;

class ReferenceNetworkTest : public ::testing::TestWithParam<Network> {};

// Central differences of the loss by every single parameter, in double.
TEST_P(ReferenceNetworkTest, GradientMatchesFiniteDifferences) {
  const Network& network = GetParam();
  std::vector<double> weights = ToDouble(NoisyWeights(network));
  const TestImages images = ClearNoiseImages(network, weights, 3, kRounding);
  const std::vector<double> values = images.UnitValues();
  ReferenceNetwork<double> reference(network);
  const auto loss = [&](double* gradient) {
    return reference.Loss(images.TrainingPass(), weights.data(), values.data(), images.labels(),
                          gradient);
  };
  std::vector<double> gradient(weights.size(), std::nan(""));
  loss(gradient.data());
  for (const Parameter& parameter : network.Parameters()) {
    if (!parameter.trainable) continue;  // what the pass leaves for it is no gradient
    double largest = 0;
    for (int64_t i = parameter.offset; i < parameter.offset + parameter.size; ++i) {
      double& weight = weights[static_cast<size_t>(i)];
      const double before = weight;
      weight = before + kStep;
      const double above = loss(nullptr);
      weight = before - kStep;
      const double below = loss(nullptr);
      weight = before;
      const double actual = gradient[static_cast<size_t>(i)];
      ASSERT_NEAR(actual, (above - below) / (2 * kStep), 1e-8 * (1 + std::abs(actual)))
          << parameter.name << " at " << i - parameter.offset;
      largest = std::max(largest, std::abs(actual));
    }
    // What normalization takes the mean of has no gradient for its bias.
    const bool normalized = network.spec().name.rfind("Normalized", 0) == 0;
    EXPECT_GT(largest, normalized ? 0 : 1e-3) << parameter.name << ": nothing was compared";
  }
}

INSTANTIATE_TEST_SUITE_P(OddNetworks, ReferenceNetworkTest, ::testing::ValuesIn(OddNetworks()),
                         [](const auto& param) { return param.param.spec().name; });

INSTANTIATE_TEST_SUITE_P(BatchNetworks, ReferenceNetworkTest, ::testing::ValuesIn(BatchNetworks()),
                         [](const auto& param) { return param.param.spec().name; });

// Worked by hand: a 1x2 image (1, 0), logits (w00 + b0, w01 + b1).
TEST(ReferenceNetworkTest, SmallestNetworkByHand) {
  const Network network =
      NetworkOf(1, 2, 1, "layers { flatten {} } layers { dense { units: 2 activation: SOFTMAX } }");
  const std::vector<double> weights = {0.5, -0.5, 9, 9, 0.25, 0.25};
  const std::vector<double> image = {1, 0};
  const Label label = 0;
  ReferenceNetwork<double> reference(network);
  std::vector<double> gradient(weights.size());
  const uint32_t index = 0;
  const Pass pass{.num_images = 1, .image_index = &index};
  const double loss = reference.Loss(pass, weights.data(), image.data(), &label, gradient.data());
  const double p = 1 / (1 + std::exp(-1.0));  // of class 0: the logits are 0.75 and -0.25
  EXPECT_NEAR(loss, -std::log(p), 1e-15);
  EXPECT_NEAR(reference.logits()[0], 0.75, 1e-15);
  EXPECT_NEAR(reference.logits()[1], -0.25, 1e-15);
  EXPECT_EQ(reference.correct(), 1);
  const std::vector<double> expected = {p - 1, 1 - p, 0, 0, p - 1, 1 - p};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(gradient[i], expected[i], 1e-15) << i;
}

TEST(ReferenceNetworkTest, EvaluateLeavesDropoutOut) {
  const std::string end = "layers { dense { units: 3 activation: SOFTMAX } }";
  const Network with =
      NetworkOf(4, 4, 1, "layers { flatten {} } layers { dropout { rate: 0.5 } }" + end);
  const Network without = NetworkOf(4, 4, 1, "layers { flatten {} }" + end);
  const std::vector<double> weights = ToDouble(NoisyWeights(with));
  const TestImages images = NoiseImages(with, 4);
  const std::vector<double> values = images.UnitValues();
  ReferenceNetwork<double> reference(with);
  ReferenceNetwork<double> expected(without);
  EXPECT_EQ(reference.Evaluate(4, weights.data(), values.data(), images.labels()),
            expected.Evaluate(4, weights.data(), values.data(), images.labels()));
  EXPECT_NE(reference.Loss(images.TrainingPass(), weights.data(), values.data(), images.labels(),
                           nullptr),
            expected.Evaluate(4, weights.data(), values.data(), images.labels()));
}

// The same worked out, with numbers that a person can check: a feature that is 0 and 1 in
// two images has mean 1/2 and variance 1/4.
TEST(ReferenceNetworkTest, NormalizationByHand) {
  const Network network = NetworkOf(1, 1, 1, R"(
    layers { flatten {} } layers { batch_normalization { epsilon: 0.11 } }
    layers { dense { units: 2 activation: SOFTMAX } })");
  // gamma, beta, moving mean, moving variance, kernel [1, 2], bias [2]
  const std::vector<double> weights = {3, 0.5, 0.2, 0.25, 1, 0, 0, 0};
  const std::vector<double> images = {0, 1};
  const std::vector<Label> labels = {0, 1};
  const std::vector<uint32_t> index = {0, 1};
  ReferenceNetwork<double> reference(network);
  std::vector<double> gradient(weights.size());
  reference.Loss({.num_images = 2, .image_index = index.data()}, weights.data(), images.data(),
                 labels.data(), gradient.data());
  const double deviation = std::sqrt(0.36);
  EXPECT_NEAR(reference.traces()[1].output[0], -0.5 / deviation * 3 + 0.5, 1e-7);
  EXPECT_NEAR(reference.traces()[1].output[1], 0.5 / deviation * 3 + 0.5, 1e-7);
  EXPECT_NEAR(gradient[2], 2 * 0.5, 1e-15);
  EXPECT_NEAR(gradient[3], 2 * 0.25, 1e-15);
  reference.Infer(2, weights.data(), images.data());
  EXPECT_NEAR(reference.traces()[1].output[1], 0.8 / deviation * 3 + 0.5, 1e-7);
}

TEST(ReferenceNetworkTest, SmoothedLabelsGradientMatchesFiniteDifferences) {
  const Network network =
      NetworkOf(2, 2, 1, "layers { flatten {} } layers { dense { units: 3 activation: SOFTMAX } }");
  std::vector<double> weights = ToDouble(NoisyWeights(network));
  const TestImages images = NoiseImages(network, 2);
  const std::vector<double> values = images.UnitValues();
  Pass pass = images.TrainingPass();
  pass.label_smoothing = 0.25f;
  ReferenceNetwork<double> reference(network);
  const auto loss = [&](double* gradient) {
    return reference.Loss(pass, weights.data(), values.data(), images.labels(), gradient);
  };
  std::vector<double> gradient(weights.size());
  loss(gradient.data());
  for (size_t i = 0; i < weights.size(); ++i) {
    const double before = weights[i];
    weights[i] = before + kStep;
    const double above = loss(nullptr);
    weights[i] = before - kStep;
    const double below = loss(nullptr);
    weights[i] = before;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-8) << i;
  }
}

}  // namespace
}  // namespace convoy::nn
