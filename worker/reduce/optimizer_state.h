// The optimizer and its slots, on one rank.
#pragma once

#include <string>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/data/range.h"
#include "common/optim/optimizer.h"

namespace convoy::reduce {

using data::Range;

// What a step's update takes besides gradients.
struct UpdateRule {
  int64_t step = 0;  // from 1
  double learning_rate = 0;
  float grad_scale = 0;  // 1 / images of the batch
};

// Thread-compatible; Update is thread-safe on disjoint parts. Slots have room for all parameters,
// but only those that a rank updates are kept up to date there.
class OptimizerState {
 public:
  // `optimizer` must outlive the state. Slots are zero.
  OptimizerState(const optim::Optimizer& optimizer, int64_t num_parameters);

  const std::vector<std::string>& slot_names() const { return slot_names_; }
  AlignedBuffer<float>& slot(size_t i) { return slots_[i]; }

  // Updates the weights of `part`. weights and new_weights are [num_parameters], grad_sum is
  // [part.size()].
  void Update(const UpdateRule& rule, Range part, const float* weights, const float* grad_sum,
              float* new_weights);

 private:
  const optim::Optimizer& optimizer_;
  std::vector<std::string> slot_names_;
  std::vector<AlignedBuffer<float>> slots_;
};

}  // namespace convoy::reduce
