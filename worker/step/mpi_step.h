// A training step whose gradients MPI adds up: data parallelism with a bucketed all-reduce, as
// PyTorch's DistributedDataParallel does it. Every rank runs the whole optimizer.
#pragma once

#include <vector>

#include "common/base/thread_team.h"
#include "worker/step/mpi_all_reduce.h"
#include "worker/step/range_optimizer.h"
#include "worker/step/training_step.h"
#include "worker/step/weights.h"

namespace convoy::step {

// Each thread adds up its micro-batches' gradients in order; then the threads' sums are added. A
// rank with one thread sends its buckets while the backward pass of its last micro-batch still
// works; with several, after all have finished.
class MpiStep : public TrainingStep {
 public:
  // Arguments as ExactStep::Create's.
  MpiStep(comm::Communicator& communicator, ThreadTeam& team,
          std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
          const nn::Plan& plan, const std::vector<BatchPartition>& batches);

  absl::StatusOr<StepResult> Run(const StepInput& input) override;
  Weights& weights() override { return weights_; }
  absl::Status SetWeights(const float* values) override;
  RangeOptimizer& slots() override { return optimizer_; }
  std::vector<Range> UpdatedBy(int rank) const override { return {{0, num_parameters_}}; }
  metrics::PhaseSeconds phases() const override;

 private:
  struct ThreadSums {
    AlignedBuffer<float> sum;      // over the thread's micro-batches
    AlignedBuffer<float> current;  // of the one under way
    double loss = 0;
    int64_t correct = 0;
  };
  class SendWhileRunning;

  absl::Status Compute(const StepInput& input);
  void ComputeRun(const StepInput& input, int thread, nn::PassListener* last_listener);
  absl::Status SendAll();
  absl::Status UpdateWeights(const StepHyperparameters& hyperparameters);

  comm::Communicator& communicator_;
  ThreadTeam& team_;
  std::vector<MicroBatchRunner>& runners_;
  const nn::Plan& plan_;
  const std::vector<BatchPartition>& batches_;
  int64_t num_parameters_;
  AlignedBuffer<float> first_weights_;
  AlignedBuffer<float> second_weights_;
  Weights weights_;
  std::vector<ThreadSums> thread_sums_;
  MpiAllReduce all_reduce_;
  RangeOptimizer optimizer_;
  metrics::PhaseSeconds phases_;  // without what the executors count
};

}  // namespace convoy::step
