#include "worker/step/range_optimizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/check.h"

namespace convoy::step {
namespace {

// More than any optimizer of common/optim has.
constexpr size_t kMaxSlots = 4;

}  // namespace

std::vector<ParameterRule> RulesOf(const nn::Network& network) {
  std::vector<ParameterRule> rules;
  for (const nn::Parameter& parameter : network.Parameters()) {
    if (parameter.trainable && parameter.l2 == 0) continue;
    rules.push_back({.range = {parameter.offset, parameter.offset + parameter.size},
                     .l2 = parameter.l2,
                     .is_moving = !parameter.trainable,
                     .momentum = parameter.moving_momentum});
  }
  return rules;
}

std::vector<std::string> SlotNames(const optim::Optimizer& optimizer, Exchange exchange) {
  std::vector<std::string> names = optimizer.SlotNames();
  if (Rounds(exchange)) names.emplace_back("master");
  return names;
}

RangeOptimizer::RangeOptimizer(const optim::Optimizer& optimizer, int64_t num_parameters,
                               std::vector<ParameterRule> rules, Exchange exchange)
    : optimizer_(optimizer),
      exchange_(exchange),
      slot_names_(SlotNames(optimizer, exchange)),
      rules_(std::move(rules)) {
  CONVOY_CHECK_LE(slot_names_.size(), kMaxSlots);
  for (size_t i = 0; i < slot_names_.size(); ++i) {
    slots_.emplace_back(static_cast<size_t>(num_parameters));
  }
}

void RangeOptimizer::SetMasters(const float* values) {
  if (!Rounds(exchange_)) return;
  AlignedBuffer<float>& masters = slots_.back();
  std::copy(values, values + masters.size(), masters.begin());
}

void RangeOptimizer::Update(const StepHyperparameters& hyperparameters, Range part,
                            const float* weights, float* grad_sum, float* new_weights) {
  int64_t done = part.begin;
  for (const ParameterRule& parameters : rules_) {
    const Range common = {std::max(done, parameters.range.begin),
                          std::min(part.end, parameters.range.end)};
    if (common.begin >= common.end) continue;
    if (done < common.begin) {
      Optimize(hyperparameters, {done, common.begin}, weights, grad_sum + (done - part.begin),
               new_weights);
    }
    UpdateByRule(hyperparameters, parameters, common, weights,
                 grad_sum + (common.begin - part.begin), new_weights);
    done = common.end;
  }
  if (done < part.end) {
    Optimize(hyperparameters, {done, part.end}, weights, grad_sum + (done - part.begin),
             new_weights);
  }
}

// Element by element, so that neither the part nor its place shows in the bits.
void RangeOptimizer::UpdateByRule(const StepHyperparameters& hyperparameters,
                                  const ParameterRule& parameters, Range part, const float* weights,
                                  float* grad_sum, float* new_weights) {
  if (parameters.is_moving) {
    const float share = 1 - parameters.momentum;
    for (int64_t i = 0; i < part.size(); ++i) {
      const float mean = grad_sum[i] * hyperparameters.grad_scale;
      new_weights[part.begin + i] = weights[part.begin + i] * parameters.momentum + mean * share;
    }
    return;
  }
  // The gradient is a sum over the batch's images, so the penalty's counts once for each.
  const float factor = 2 * parameters.l2 / hyperparameters.grad_scale;
  for (int64_t i = 0; i < part.size(); ++i) grad_sum[i] += weights[part.begin + i] * factor;
  Optimize(hyperparameters, part, weights, grad_sum, new_weights);
}

void RangeOptimizer::Optimize(const StepHyperparameters& hyperparameters, Range part,
                              const float* weights, const float* grad_sum, float* new_weights) {
  std::array<float*, kMaxSlots> slots{};
  for (size_t i = 0; i < slots_.size(); ++i) slots[i] = slots_[i].data() + part.begin;
  const auto update = [&](const float* from, float* to) {
    optimizer_.Update(hyperparameters.step, hyperparameters.learning_rate,
                      hyperparameters.grad_scale, part.size(), from, grad_sum, slots.data(), to);
  };
  float* result = new_weights + part.begin;
  if (!Rounds(exchange_)) {
    update(weights + part.begin, result);
    return;
  }
  float* masters = slots_.back().data() + part.begin;
  update(masters, masters);
  std::copy(masters, masters + part.size(), result);
  RoundFor(exchange_, result, part.size());
}

}  // namespace convoy::step
