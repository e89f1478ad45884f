#include "worker/step/range_optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/base/random.h"
#include "common/nn/plan/network_testing.h"

namespace convoy::step {
namespace {

std::vector<float> Values(size_t size, uint32_t stream) {
  RandomSequence random(5, RandomStream::kNoise, stream);
  std::vector<float> values(size);
  for (float& value : values) value = random.NextFloat() - 0.5f;
  return values;
}

nn::Network NormalizedNetwork() {
  return nn::NetworkOf(1, 3, 1, R"(
    layers { flatten {} } layers { batch_normalization { momentum: 0.75 } }
    layers { dense { units: 2 kernel_regularizer { l2: 0.25 } } }
    layers { activation { function: SOFTMAX } })");
}

constexpr StepHyperparameters kHyperparameters = {
    .step = 1, .learning_rate = 0.5, .grad_scale = 0.125f};

TEST(RangeOptimizerTest, RulesAreThoseOfTheNetwork) {
  const std::vector<ParameterRule> rules = RulesOf(NormalizedNetwork());
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_TRUE(rules[0].is_moving);
  EXPECT_EQ(rules[0].momentum, 0.75f);
  EXPECT_EQ(rules[0].range.begin, 6);
  EXPECT_EQ(rules[1].range.end, 12);
  EXPECT_FALSE(rules[2].is_moving);
  EXPECT_EQ(rules[2].l2, 0.25f);
  EXPECT_EQ(rules[2].range.size(), 6);
}

// Plain gradient descent, in which everything can be written down.
TEST(RangeOptimizerTest, EachParameterFollowsItsRule) {
  const nn::Network network = NormalizedNetwork();
  const auto size = static_cast<size_t>(network.num_parameters());
  const auto sgd = optim::Optimizer::Create({.kind = optim::OptimizerConfig::Kind::kSgd}).value();
  RangeOptimizer optimizer(*sgd, network.num_parameters(), RulesOf(network));
  const std::vector<float> weights = Values(size, 1);
  const std::vector<float> sums = Values(size, 2);
  std::vector<float> gradient = sums;
  std::vector<float> updated(size);
  optimizer.Update(kHyperparameters, {0, network.num_parameters()}, weights.data(), gradient.data(),
                   updated.data());
  for (size_t i = 0; i < size; ++i) {
    const double w = weights[i];
    double expected = w - 0.5 * sums[i] * 0.125;
    if (i >= 6 && i < 12) expected = w * 0.75 + sums[i] * 0.125 * 0.25;
    if (i >= 12 && i < 18) expected = w - 0.5 * (sums[i] * 0.125 + 2 * 0.25 * w);
    EXPECT_NEAR(updated[i], expected, 1e-6) << i;
  }
}

// Steps too small for a bfloat16 add up in the masters; what is computed with is them, rounded.
TEST(RangeOptimizerTest, RoundedWeightsHaveMasters) {
  const nn::Network network = NormalizedNetwork();
  const int64_t size = network.num_parameters();
  const auto sgd = optim::Optimizer::Create({.kind = optim::OptimizerConfig::Kind::kSgd}).value();
  RangeOptimizer optimizer(*sgd, size, RulesOf(network), Exchange::kBfloat16);
  EXPECT_EQ(optimizer.slot_names(), std::vector<std::string>{"master"});
  std::vector<float> weights(static_cast<size_t>(size), 1.0f);
  optimizer.SetMasters(weights.data());
  std::vector<float> next(weights.size());
  for (int step = 0; step < 9; ++step) {
    std::vector<float> gradient(weights.size(), 0x1p-6f);
    optimizer.Update(kHyperparameters, {0, size}, weights.data(), gradient.data(), next.data());
    weights = next;
  }
  const float moved = 1 - 9 * 0x1p-10f;  // of 1/1024 each; a bfloat16 below 1 is 1/256 wide
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(optimizer.slot(0)[i], moved);
    EXPECT_EQ(weights[i], 1 - 2 * 0x1p-8f);
  }
  for (size_t i = 6; i < 12; ++i) {  // moving statistics are not rounded
    const double expected = std::pow(0.75, 9) + (1 - std::pow(0.75, 9)) * 0x1p-9;
    EXPECT_NEAR(weights[i], expected, 1e-6);
  }
}

TEST(RangeOptimizerTest, FloatsNeedNoMasters) {
  const auto adam = optim::Optimizer::Create({}).value();
  EXPECT_EQ(SlotNames(*adam, Exchange::kFloat32), (std::vector<std::string>{"m", "v"}));
  EXPECT_EQ(SlotNames(*adam, Exchange::kBfloat16), (std::vector<std::string>{"m", "v", "master"}));
}

TEST(RangeOptimizerTest, AnyCutGivesTheSameBits) {
  const nn::Network network = NormalizedNetwork();
  const auto size = static_cast<size_t>(network.num_parameters());
  const auto adam = optim::Optimizer::Create({}).value();
  const std::vector<float> weights = Values(size, 1);
  const std::vector<float> sums = Values(size, 2);
  const auto update = [&](const std::vector<Range>& parts) {
    RangeOptimizer optimizer(*adam, network.num_parameters(), RulesOf(network));
    std::vector<float> updated(size);
    for (const Range& part : parts) {
      std::vector<float> gradient(sums.begin() + part.begin, sums.begin() + part.end);
      optimizer.Update(kHyperparameters, part, weights.data(), gradient.data(), updated.data());
    }
    return updated;
  };
  const auto whole = update({{0, network.num_parameters()}});
  for (int64_t cut = 0; cut <= network.num_parameters(); ++cut) {
    EXPECT_EQ(update({{0, cut}, {cut, network.num_parameters()}}), whole) << cut;
  }
}

}  // namespace
}  // namespace convoy::step
