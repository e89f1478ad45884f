#include "worker/reduce/optimizer_state.h"

#include <array>

#include "common/base/check.h"

namespace convoy::reduce {
namespace {

// More than any optimizer of common/optim has.
constexpr size_t kMaxSlots = 4;

}  // namespace

OptimizerState::OptimizerState(const optim::Optimizer& optimizer, int64_t num_parameters)
    : optimizer_(optimizer), slot_names_(optimizer.SlotNames()) {
  CONVOY_CHECK_LE(slot_names_.size(), kMaxSlots);
  for (size_t i = 0; i < slot_names_.size(); ++i) {
    slots_.emplace_back(static_cast<size_t>(num_parameters));
  }
}

void OptimizerState::Update(const UpdateRule& rule, Range part, const float* weights,
                            const float* grad_sum, float* new_weights) {
  std::array<float*, kMaxSlots> slots{};
  for (size_t i = 0; i < slots_.size(); ++i) slots[i] = slots_[i].data() + part.begin;
  optimizer_.Update(rule.step, rule.learning_rate, rule.grad_scale, part.size(),
                    weights + part.begin, grad_sum, slots.data(), new_weights + part.begin);
}

}  // namespace convoy::reduce
