// The part of the optimizer that a rank runs: a slice of the parameters and its slots.
#pragma once

#include <string>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/data/range.h"
#include "common/optim/optimizer.h"

namespace convoy::reduce {

using data::Range;

// Returns the slice of `num_parameters` that `rank` owns: nearly equal, cut at whole cache lines;
// empty where there are more ranks than lines. The slices of all ranks make up the whole.
Range OwnedSlice(int64_t num_parameters, int rank, int world_size);

// What a step's update takes besides gradients.
struct UpdateRule {
  int64_t step = 0;  // from 1
  double learning_rate = 0;
  float grad_scale = 0;  // 1 / images of the batch
};

// Thread-compatible; Update is thread-safe on disjoint parts.
class OptimizerShard {
 public:
  // `optimizer` must outlive the shard. Slots are zero.
  OptimizerShard(const optim::Optimizer& optimizer, Range owned);

  const Range& owned() const { return owned_; }
  const std::vector<std::string>& slot_names() const { return slot_names_; }

  // The elements of slot `i` for the owned slice.
  AlignedBuffer<float>& slot(size_t i) { return slots_[i]; }

  // Updates the weights of `part`, a part of the owned slice. weights and new_weights are
  // [num_parameters]; grad_sum is [part.size()].
  void Update(const UpdateRule& rule, Range part, const float* weights, const float* grad_sum,
              float* new_weights);

 private:
  const optim::Optimizer& optimizer_;
  Range owned_;
  std::vector<std::string> slot_names_;
  std::vector<AlignedBuffer<float>> slots_;
};

}  // namespace convoy::reduce
