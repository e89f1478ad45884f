#include "common/optim/sgd.h"

#include "common/base/check.h"

namespace convoy::optim {

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
  for (int64_t i = 0; i < n; ++i) {
    const float change = grad_sum[i] * grad_scale * rate;
    if (momentum_ == 0.0f) {
      new_weights[i] = weights[i] - change;
      continue;
    }
    float& velocity = slots[0][i];
    velocity = velocity * momentum_ - change;
    new_weights[i] = weights[i] + (nesterov_ ? velocity * momentum_ - change : velocity);
  }
}

}  // namespace convoy::optim
