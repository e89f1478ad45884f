// The optimizer and its slots, run on any range of the parameters.
#pragma once

#include <string>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/data/range.h"
#include "common/nn/network.h"
#include "common/optim/optimizer.h"
#include "worker/step/exchange.h"

namespace convoy::step {

using data::Range;

// What a step's update takes besides gradients.
struct StepHyperparameters {
  int64_t step = 0;  // from 1
  double learning_rate = 0;
  float grad_scale = 0;  // 1 / images of the batch
};

// A run of parameters that is not updated by the optimizer alone.
struct ParameterRule {
  Range range;
  float l2 = 0;  // adds 2 l2 w to the gradient
  // Moving statistics: not the optimizer's, but new = old * momentum + mean * (1 - momentum), where
  // the summed gradient has the sum of the batch.
  bool is_moving = false;
  float momentum = 0;
};

// Returns the rules of a network's parameters, in order; none for an ordinary one.
std::vector<ParameterRule> RulesOf(const nn::Network& network);

// Returns the names of a RangeOptimizer's slots, which checkpoints have: the optimizer's own, and
// "master" where weights are rounded.
std::vector<std::string> SlotNames(const optim::Optimizer& optimizer, Exchange exchange);

// Thread-compatible; Update is thread-safe on disjoint parts. Slots have room for all parameters,
// but only those that a rank updates are kept up to date there.
//
// Where the exchange rounds weights, a step may be smaller than their precision. So the optimizer
// goes on from floats of its own, the masters (Micikevicius et al., "Mixed precision training",
// 2018), which are one more slot; the weights are the masters rounded. Moving statistics have none:
// they are floats everywhere (ShardingPlan::WeightRun).
class RangeOptimizer {
 public:
  // `optimizer` must outlive this. Slots are zero.
  RangeOptimizer(const optim::Optimizer& optimizer, int64_t num_parameters,
                 std::vector<ParameterRule> rules = {}, Exchange exchange = Exchange::kFloat32);

  // Makes `values` [num_parameters] the masters, where there are any.
  void SetMasters(const float* values);

  const std::vector<std::string>& slot_names() const { return slot_names_; }
  AlignedBuffer<float>& slot(size_t i) { return slots_[i]; }

  // Updates the weights of `part`. weights and new_weights are [num_parameters], grad_sum is
  // [part.size()] and may be changed. New weights are rounded for the exchange.
  void Update(const StepHyperparameters& hyperparameters, Range part, const float* weights,
              float* grad_sum, float* new_weights);

 private:
  void Optimize(const StepHyperparameters& hyperparameters, Range part, const float* weights,
                const float* grad_sum, float* new_weights);
  void UpdateByRule(const StepHyperparameters& hyperparameters, const ParameterRule& parameters,
                    Range part, const float* weights, float* grad_sum, float* new_weights);

  const optim::Optimizer& optimizer_;
  const Exchange exchange_;
  std::vector<std::string> slot_names_;
  std::vector<AlignedBuffer<float>> slots_;
  std::vector<ParameterRule> rules_;
};

}  // namespace convoy::step
