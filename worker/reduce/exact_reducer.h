// The exact reduction with a sharded optimizer: gradients are added along the canonical tree, so
// the weights have the same bits at any world size (docs/exact_reduction.md).
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/aligned_buffer.h"
#include "common/base/thread_team.h"
#include "common/metrics/phase_seconds.h"
#include "worker/comm/communicator.h"
#include "worker/reduce/batch_layout.h"
#include "worker/reduce/contribution.h"
#include "worker/reduce/optimizer_shard.h"

namespace convoy::reduce {

// A step:
//   a) each rank packs, for every owner of a slice, its losses and flags and its nodes' sums of
//   that
//      slice, and sends them (all-to-all);
//   b) each owner adds the sums of its slice along the rest of the tree, checks that the result is
//      finite and runs the optimizer on its slice into a second set of weights;
//   c) all slices of the new weights are gathered everywhere. An owner that found no finite
//   gradient
//      sends NaN instead, so that all ranks agree without another message.
//
// Thread-compatible. Nothing is allocated by a step of a known layout.
class ExactReducer {
 public:
  // `layouts` are all that steps will come with. All references must outlive the reducer.
  ExactReducer(comm::Communicator& communicator, ThreadTeam& team, int64_t num_parameters,
               const std::vector<const BatchLayout*>& layouts);
  ~ExactReducer();

  // COLLECTIVE. Makes `new_weights` [num_parameters] from `weights` on all ranks. The shard is that
  // of OwnedSlice. Adds to `phases`.
  // Returns, on all ranks, ABORTED if the loss, the gradient or a new weight is not
  // finite: new_weights and the shard are of no use then, `weights` are as they were.
  absl::StatusOr<StepResult> Step(const BatchLayout& layout, const Contribution& contribution,
                                  const UpdateRule& rule, const float* weights, float* new_weights,
                                  OptimizerShard* shard, metrics::PhaseSeconds* phases);

 private:
  struct Exchange;  // what depends on the layout: sizes, places, the sum's program

  const Exchange& ExchangeOf(const BatchLayout& layout) const;
  void Pack(const Exchange& exchange, const Contribution& contribution);
  StepResult ReadHeaders(const Exchange& exchange, const Contribution& contribution);
  void ReduceAndUpdate(const Exchange& exchange, const Contribution& contribution,
                       const UpdateRule& rule, const float* weights, float* new_weights,
                       OptimizerShard* shard, metrics::PhaseSeconds* phases);
  absl::Status CheckFinite(const StepResult& result, const float* new_weights) const;

  comm::Communicator& communicator_;
  ThreadTeam& team_;
  int64_t num_parameters_;
  std::vector<Range> slices_;  // of each rank
  std::vector<int64_t> slice_sizes_;
  std::vector<int64_t> slice_offsets_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  AlignedBuffer<float> send_;
  AlignedBuffer<float> recv_;
  AlignedBuffer<float> reduced_;  // the sums of the own slice
  std::vector<const float*> sources_;
  std::vector<double> losses_;
  std::vector<uint8_t> thread_found_finite_;
};

}  // namespace convoy::reduce
