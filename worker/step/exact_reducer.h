// The exact reduction with a sharded optimizer: gradients are added along the canonical tree, those
// of large dense kernels are made from the factors of all images in order, so the weights have the
// same bits at any world size (docs/exact_reduction.md).
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/aligned_buffer.h"
#include "common/base/thread_team.h"
#include "common/metrics/phase_seconds.h"
#include "worker/step/exchange.h"
#include "worker/step/optimizer_state.h"

namespace convoy::reduce {

// A step:
//   a) the exchange makes each rank's sums and factors known to the owners;
//   b) each owner adds the sums of its pieces along the rest of the tree, multiplies the factors of
//      its rows of kernels, checks that the gradients are finite and runs the optimizer on them
//      into the second set of weights;
//   c) the exchange makes the new weights known to all. An owner that found a value that is not
//      finite leaves NaN in its part, so that all ranks agree without another message.
//
// Thread-compatible. Nothing is allocated by a step.
class ExactReducer {
 public:
  // `batches` are all that steps will come with. All references must outlive the reducer.
  ExactReducer(int rank, const ParameterLayout& layout, ThreadTeam& team, Exchange& exchange,
               const std::vector<const BatchLayout*>& batches);

  // COLLECTIVE. Makes weights(1 - current) from weights(current), on all ranks. Adds to `phases`.
  // Returns, on all ranks, ABORTED if the loss, the gradient or a new weight is not finite: the new
  // weights and the optimizer's state are of no use then, the current weights are as they were.
  absl::StatusOr<StepResult> Step(const BatchLayout& batch, const Contribution& contribution,
                                  const UpdateRule& rule, int current, OptimizerState* optimizer,
                                  metrics::PhaseSeconds* phases);

 private:
  // The sum over the nodes of all ranks for one batch layout.
  struct TreeOf {
    const BatchLayout* batch;
    SumProgram program;
  };
  // A thread's memory in the owner's part.
  struct ThreadMemory {
    AlignedBuffer<float> gradient;     // of a block of a piece, or of some rows of a kernel
    AlignedBuffer<std::byte> scratch;  // of DenseWeightGradient
    bool finite = true;
    double reduce_seconds = 0;
    double update_seconds = 0;
  };

  const SumProgram& ProgramOf(const BatchLayout& batch) const;
  void UpdateOwned(const BatchLayout& batch, const UpdateRule& rule, int current,
                   OptimizerState* optimizer, metrics::PhaseSeconds* phases);
  void UpdatePieces(const SumProgram& program, const UpdateRule& rule, int current, int thread,
                    OptimizerState* optimizer);
  void UpdateKernels(int batch_images, const UpdateRule& rule, int current, int thread,
                     OptimizerState* optimizer);
  void UpdatePart(const UpdateRule& rule, Range part, int current, ThreadMemory& memory,
                  OptimizerState* optimizer);
  absl::Status CheckFinite(double loss, int which) const;

  const int rank_;
  const ParameterLayout& layout_;
  ThreadTeam& team_;
  Exchange& exchange_;
  std::vector<TreeOf> trees_;
  std::vector<ThreadMemory> threads_;
};

}  // namespace convoy::reduce
