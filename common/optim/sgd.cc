#include "common/optim/sgd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/optim/sgd.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include "common/base/check.h"
#include "common/kernels/simd/sweep-inl.h"
#include "common/optim/flush_subnormals.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::optim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using kernels::HWY_NAMESPACE::Sweep;

// All without FMA: the same bits on every instruction set.
template <class D>
HWY_INLINE hn::Vec<D> Descent(D d, const float* grad_sum, float grad_scale, float rate) {
  const auto g = hn::Mul(hn::LoadU(d, grad_sum), hn::Set(d, grad_scale));
  return hn::Mul(g, hn::Set(d, rate));
}

// w -= rate g.
void PlainStep(float grad_scale, float rate, int64_t n, const float* weights, const float* grad_sum,
               float* new_weights) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const auto descent = Descent(d, grad_sum + i, grad_scale, rate);
    hn::StoreU(hn::Sub(hn::LoadU(d, weights + i), descent), d, new_weights + i);
  });
}

// velocity = momentum velocity - rate g.
template <class D>
HWY_INLINE hn::Vec<D> UpdateVelocity(D d, float momentum, hn::Vec<D> descent, float* velocity) {
  const auto kept = hn::Mul(hn::LoadU(d, velocity), hn::Set(d, momentum));
  const auto updated = hn::Sub(kept, descent);
  hn::StoreU(updated, d, velocity);
  return updated;
}

// w += velocity.
void MomentumStep(float grad_scale, float rate, float momentum, int64_t n, const float* weights,
                  const float* grad_sum, float* velocity, float* new_weights) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const auto descent = Descent(d, grad_sum + i, grad_scale, rate);
    const auto v = UpdateVelocity(d, momentum, descent, velocity + i);
    hn::StoreU(hn::Add(hn::LoadU(d, weights + i), v), d, new_weights + i);
  });
}

// w += momentum velocity - rate g: a step from where the velocity is about to lead (Sutskever et
// al., "On the importance of initialization and momentum in deep learning", ICML 2013).
void NesterovStep(float grad_scale, float rate, float momentum, int64_t n, const float* weights,
                  const float* grad_sum, float* velocity, float* new_weights) {
  Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
    const auto descent = Descent(d, grad_sum + i, grad_scale, rate);
    const auto v = UpdateVelocity(d, momentum, descent, velocity + i);
    const auto change = hn::Sub(hn::Mul(v, hn::Set(d, momentum)), descent);
    hn::StoreU(hn::Add(hn::LoadU(d, weights + i), change), d, new_weights + i);
  });
}

}  // namespace convoy::optim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::optim {
namespace {

HWY_EXPORT(PlainStep);
HWY_EXPORT(MomentumStep);
HWY_EXPORT(NesterovStep);

}  // namespace

Sgd::Sgd(const OptimizerConfig& config)
    : momentum_(static_cast<float>(config.momentum)), nesterov_(config.nesterov) {}

std::vector<std::string> Sgd::SlotNames() const {
  if (momentum_ == 0.0f) return {};
  return {"momentum"};
}

void Sgd::Update(int64_t step, double learning_rate, float grad_scale, int64_t n,
                 const float* weights, const float* grad_sum, float* const* slots,
                 float* new_weights) const {
  CONVOY_CHECK_GE(step, 1);
  const float rate = static_cast<float>(learning_rate);
  const FlushSubnormals flush;
  if (momentum_ == 0.0f) {
    HWY_DYNAMIC_DISPATCH(PlainStep)(grad_scale, rate, n, weights, grad_sum, new_weights);
  } else if (nesterov_) {
    HWY_DYNAMIC_DISPATCH(NesterovStep)
    (grad_scale, rate, momentum_, n, weights, grad_sum, slots[0], new_weights);
  } else {
    HWY_DYNAMIC_DISPATCH(MomentumStep)
    (grad_scale, rate, momentum_, n, weights, grad_sum, slots[0], new_weights);
  }
}

}  // namespace convoy::optim
#endif  // HWY_ONCE
