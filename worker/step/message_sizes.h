// How much the ranks of a step send each other, where they do it by messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/step/batch_partition.h"
#include "worker/step/sharding_plan.h"

namespace convoy::step {

// Of the message's scalars: the losses of `num_nodes` nodes, right answers, whether to stop. They
// are doubles, each in the place of two floats.
int64_t HeaderFloats(size_t num_nodes);

// Immutable, so thread-safe. In floats, rounded up: where numbers have 16 bits, two are in the
// place of one float.
class MessageSizes {
 public:
  explicit MessageSizes(const ShardingPlan& sharding);

  // What `sender` sends to `owner` of its sums and factors of a batch, the header included.
  int64_t Scattered(const BatchPartition& batch, int sender, int owner) const;

  // The new weights that `owner` sends to each of the others.
  int64_t Gathered(int owner) const { return gathered_[static_cast<size_t>(owner)]; }

 private:
  int64_t number_bytes_;
  std::vector<int64_t> gathered_;  // by each rank
  std::vector<int64_t> summed_;    // of them, those whose gradients are summed
  std::vector<int64_t> rows_;      // of factored kernels
  int64_t units_ = 0;              // of all factored kernels
};

}  // namespace convoy::step
