// v is an exponential moving average of g^2, so g / sqrt(v) has about the size of 1 whatever the
// scale of the gradient: each weight moves by about the learning rate.
#include "common/optim/rmsprop.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/optim/rmsprop.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include "common/base/check.h"
#include "common/kernels/simd/sweep-inl.h"
#include "common/optim/flush_subnormals.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::optim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Without FMA: the same bits on every instruction set. `buffer` is null without momentum.
void RmspropStep(const RmspropConstants& constants, int64_t n, const float* weights,
                 const float* grad_sum, float* v, float* buffer, float* new_weights) {
  kernels::HWY_NAMESPACE::Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const auto g = hn::Mul(hn::LoadU(d, grad_sum + i), hn::Set(d, constants.grad_scale));
    const auto kept = hn::Mul(hn::LoadU(d, v + i), hn::Set(d, constants.rho));
    const auto added = hn::Mul(hn::Mul(g, g), hn::Set(d, constants.one_minus_rho));
    const auto new_v = hn::Add(kept, added);
    hn::StoreU(new_v, d, v + i);
    auto change = hn::Div(hn::Mul(g, hn::Set(d, constants.learning_rate)),
                          hn::Sqrt(hn::Add(new_v, hn::Set(d, constants.epsilon))));
    if (buffer != nullptr) {
      const auto old = hn::Mul(hn::LoadU(d, buffer + i), hn::Set(d, constants.momentum));
      change = hn::Add(old, change);
      hn::StoreU(change, d, buffer + i);
    }
    hn::StoreU(hn::Sub(hn::LoadU(d, weights + i), change), d, new_weights + i);
  });
}

}  // namespace convoy::optim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::optim {
namespace {

HWY_EXPORT(RmspropStep);

}  // namespace

Rmsprop::Rmsprop(const OptimizerConfig& config)
    : rho_(config.rho),
      momentum_(static_cast<float>(config.momentum)),
      epsilon_(static_cast<float>(config.epsilon)) {}

std::vector<std::string> Rmsprop::SlotNames() const {
  if (momentum_ == 0.0f) return {"v"};
  return {"v", "momentum"};
}

void Rmsprop::Update(int64_t step, double learning_rate, float grad_scale, int64_t n,
                     const float* weights, const float* grad_sum, float* const* slots,
                     float* new_weights) const {
  CONVOY_CHECK_GE(step, 1);
  const RmspropConstants constants = {
      .grad_scale = grad_scale,
      .learning_rate = static_cast<float>(learning_rate),
      .rho = static_cast<float>(rho_),
      .one_minus_rho = static_cast<float>(1 - rho_),
      .momentum = momentum_,
      .epsilon = epsilon_,
  };
  float* buffer = momentum_ == 0.0f ? nullptr : slots[1];
  const FlushSubnormals flush;
  HWY_DYNAMIC_DISPATCH(RmspropStep)
  (constants, n, weights, grad_sum, slots[0], buffer, new_weights);
}

}  // namespace convoy::optim
#endif  // HWY_ONCE
