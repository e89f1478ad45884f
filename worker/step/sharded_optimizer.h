// The optimizer of one rank's shard of the parameters: ZeRO stage 1 (Rajbhandari et al. 2020). Each
// rank keeps the optimizer's slots of its own shard alone, and makes the new weights there.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "common/base/aligned_buffer.h"
#include "common/base/thread_team.h"
#include "common/metrics/phase_seconds.h"
#include "worker/step/collectives.h"
#include "worker/step/finite_check.h"
#include "worker/step/range_optimizer.h"

namespace convoy::step {

// Between the reduce-scatter and the all-gather: finishes the reduction of the shard's gradient,
// block by block, and runs the optimizer on each block while it is in cache. Pieces are added along
// the rest of the canonical tree; gradients of factored kernels are products of the factors of all
// images in order. So the weights have the same bits at any world size (docs/exact_reduction.md).
//
// Thread-compatible. Nothing is allocated by a step.
class ShardedOptimizer {
 public:
  // `max_batch_images` is of the largest batch. All references must outlive this.
  ShardedOptimizer(const optim::Optimizer& optimizer, std::vector<ParameterRule> rules,
                   const ShardingPlan& sharding, int rank, ThreadTeam& team,
                   int64_t max_batch_images);

  // Makes the shard of arrays.weights[1 - current] from that of arrays.weights[current] and the
  // scattered sums. A value that is not finite is left as a mark in the new weights. Adds to
  // `phases`.
  void Step(const ScatteredSums& sums, const StepHyperparameters& hyperparameters,
            const StepArrays& arrays, int current, metrics::PhaseSeconds* phases);

  // After the all-gather of `new_weights`: returns, on all ranks the same, ABORTED if any rank
  // found a gradient or new weight that is not finite. The new weights and slots are of no use
  // then, the current weights are as they were.
  absl::Status CheckAllRanks(const float* new_weights) const;

  // The slots have room for all parameters; those of this rank's shard are up to date.
  RangeOptimizer& slots() { return optimizer_; }

 private:
  // One thread's memory and its part of a step.
  struct ThreadState {
    AlignedBuffer<float> gradient;     // of a block of a piece, or of some rows of a kernel
    AlignedBuffer<std::byte> scratch;  // of DenseWeightGradient
    Finiteness finiteness = Finiteness::kFinite;
    double reduce_seconds = 0;
    double update_seconds = 0;
  };
  // What is the same for all blocks of a step.
  struct Update {
    const ScatteredSums& sums;
    const StepHyperparameters& hyperparameters;
    const StepArrays& arrays;
    const float* weights;
    float* new_weights;
  };

  void UpdatePieces(const Update& update, int thread);
  void UpdateKernels(const Update& update, int thread);
  void UpdateBlock(const Update& update, Range block, ThreadState& state);
  void CollectThreads(float* new_weights, metrics::PhaseSeconds* phases);

  const ShardingPlan& sharding_;
  const int rank_;
  ThreadTeam& team_;
  RangeOptimizer optimizer_;
  std::vector<ThreadState> threads_;
};

}  // namespace convoy::step
