#include "worker/step/range_optimizer.h"

#include <gtest/gtest.h>

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
