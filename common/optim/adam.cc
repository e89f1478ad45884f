// The paper divides the moments by 1 - beta^t, which they lack as long as they start from 0:
//   w -= learning_rate m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon').
// With epsilon = epsilon' sqrt(1 - beta_2^t) held fixed instead of epsilon', as Keras does,
//   w -= alpha m / (sqrt(v) + epsilon),  alpha = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t),
// one number a step. m += (g - m)(1 - beta_1) is beta_1 m + (1 - beta_1) g with one product less.
#include "common/optim/adam.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/optim/adam.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <cmath>

#include "common/base/check.h"
#include "common/kernels/simd/sweep-inl.h"
#include "common/optim/flush_subnormals.h"
#include "common/optim/integer_power.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::optim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Without FMA: the same bits on every instruction set.
void AdamStep(const AdamConstants& constants, int64_t n, const float* weights,
              const float* grad_sum, float* m, float* v, float* new_weights) {
  kernels::HWY_NAMESPACE::Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const auto g = hn::Mul(hn::LoadU(d, grad_sum + i), hn::Set(d, constants.grad_scale));
    const auto old_m = hn::LoadU(d, m + i);
    const auto old_v = hn::LoadU(d, v + i);
    const auto m_change = hn::Mul(hn::Sub(g, old_m), hn::Set(d, constants.one_minus_beta_1));
    const auto v_change =
        hn::Mul(hn::Sub(hn::Mul(g, g), old_v), hn::Set(d, constants.one_minus_beta_2));
    const auto new_m = hn::Add(old_m, m_change);
    const auto new_v = hn::Add(old_v, v_change);
    hn::StoreU(new_m, d, m + i);
    hn::StoreU(new_v, d, v + i);
    const auto change = hn::Div(hn::Mul(new_m, hn::Set(d, constants.alpha)),
                                hn::Add(hn::Sqrt(new_v), hn::Set(d, constants.epsilon)));
    auto w = hn::LoadU(d, weights + i);
    if (constants.decay > 0) w = hn::Sub(w, hn::Mul(w, hn::Set(d, constants.decay)));
    hn::StoreU(hn::Sub(w, change), d, new_weights + i);
  });
}

}  // namespace convoy::optim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::optim {
namespace {

HWY_EXPORT(AdamStep);

}  // namespace

Adam::Adam(const OptimizerConfig& config)
    : beta_1_(config.beta_1),
      beta_2_(config.beta_2),
      epsilon_(static_cast<float>(config.epsilon)),
      weight_decay_(config.kind == OptimizerConfig::Kind::kAdamW ? config.weight_decay : 0) {}

double Adam::Alpha(int64_t step, double learning_rate) const {
  return learning_rate * std::sqrt(1 - IntegerPower(beta_2_, step)) /
         (1 - IntegerPower(beta_1_, step));
}

void Adam::Update(int64_t step, double learning_rate, float grad_scale, int64_t n,
                  const float* weights, const float* grad_sum, float* const* slots,
                  float* new_weights) const {
  CONVOY_CHECK_GE(step, 1);
  const AdamConstants constants = {
      .grad_scale = grad_scale,
      .one_minus_beta_1 = static_cast<float>(1 - beta_1_),
      .one_minus_beta_2 = static_cast<float>(1 - beta_2_),
      .alpha = static_cast<float>(Alpha(step, learning_rate)),
      .epsilon = epsilon_,
      .decay = static_cast<float>(learning_rate * weight_decay_),
  };
  const FlushSubnormals flush;
  HWY_DYNAMIC_DISPATCH(AdamStep)(constants, n, weights, grad_sum, slots[0], slots[1], new_weights);
}

}  // namespace convoy::optim
#endif  // HWY_ONCE
