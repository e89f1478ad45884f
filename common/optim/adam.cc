#include "common/optim/adam.h"

#include <cmath>

#include "common/base/check.h"

namespace convoy::optim {
namespace {

// base^exponent by squaring: std::pow may round differently on another CPU.
double IntegerPower(double base, int64_t exponent) {
  double power = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if ((exponent & 1) != 0) power *= base;
  }
  return power;
}

}  // namespace

Adam::Adam(const OptimizerConfig& config)
    : beta_1_(config.beta_1),
      beta_2_(config.beta_2),
      epsilon_(static_cast<float>(config.epsilon)) {}

double Adam::Alpha(int64_t step, double learning_rate) const {
  return learning_rate * std::sqrt(1 - IntegerPower(beta_2_, step)) /
         (1 - IntegerPower(beta_1_, step));
}

void Adam::Update(int64_t step, double learning_rate, float grad_scale, int64_t n,
                  const float* weights, const float* grad_sum, float* const* slots,
                  float* new_weights) const {
  CONVOY_CHECK_GE(step, 1);
  const float alpha = static_cast<float>(Alpha(step, learning_rate));
  const float one_minus_beta_1 = static_cast<float>(1 - beta_1_);
  const float one_minus_beta_2 = static_cast<float>(1 - beta_2_);
  float* m = slots[0];
  float* v = slots[1];
  for (int64_t i = 0; i < n; ++i) {
    const float g = grad_sum[i] * grad_scale;
    m[i] += (g - m[i]) * one_minus_beta_1;
    v[i] += (g * g - v[i]) * one_minus_beta_2;
    new_weights[i] = weights[i] - m[i] * alpha / (std::sqrt(v[i]) + epsilon_);
  }
}

}  // namespace convoy::optim
