// The plain optimizers, for tests.
#pragma once

#include <cmath>
#include <cstdint>

#include "common/optim/optimizer.h"

namespace convoy::optim {

// As Optimizer::Update for config.kind, by Keras's formulas, in T, in place.
template <typename T>
void UpdateRef(const OptimizerConfig& config, int64_t step, double learning_rate, T grad_scale,
               int64_t n, const T* grad_sum, T* const* slots, T* weights) {
  const T rate = static_cast<T>(learning_rate);
  const T momentum = static_cast<T>(config.momentum);
  const T alpha = static_cast<T>(learning_rate * std::sqrt(1 - std::pow(config.beta_2, step)) /
                                 (1 - std::pow(config.beta_1, step)));
  for (int64_t i = 0; i < n; ++i) {
    const T g = grad_sum[i] * grad_scale;
    if (config.kind == OptimizerConfig::Kind::kRmsprop) {
      T& v = slots[0][i];
      v = v * static_cast<T>(config.rho) + g * g * static_cast<T>(1 - config.rho);
      T change = g * rate / std::sqrt(v + static_cast<T>(config.epsilon));
      if (config.momentum > 0) change = slots[1][i] = momentum * slots[1][i] + change;
      weights[i] -= change;
    } else if (config.kind != OptimizerConfig::Kind::kSgd) {
      const bool decays = config.kind == OptimizerConfig::Kind::kAdamW;
      if (decays) weights[i] -= weights[i] * static_cast<T>(learning_rate * config.weight_decay);
      T& m = slots[0][i];
      T& v = slots[1][i];
      m += (g - m) * static_cast<T>(1 - config.beta_1);
      v += (g * g - v) * static_cast<T>(1 - config.beta_2);
      weights[i] -= m * alpha / (std::sqrt(v) + static_cast<T>(config.epsilon));
    } else if (config.momentum == 0) {
      weights[i] -= g * rate;
    } else {
      T& velocity = slots[0][i];
      velocity = velocity * momentum - g * rate;
      weights[i] += config.nesterov ? velocity * momentum - g * rate : velocity;
    }
  }
}

}  // namespace convoy::optim
