// A training step with --reduce mpi.
#pragma once

#include <vector>

#include "common/base/thread_team.h"
#include "worker/reduce/all_reducer.h"
#include "worker/train/training_step.h"
#include "worker/train/weights.h"

namespace convoy::train {

// Each thread adds up its micro-batches' gradients in order; then the threads' sums are added. A
// rank with one thread sends its buckets while the backward pass of its last micro-batch still
// works; with several, after all have finished.
class MpiStep : public TrainingStep {
 public:
  // Arguments as ExactStep's.
  MpiStep(comm::Communicator& communicator, ThreadTeam& team,
          std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
          const nn::Plan& plan, Weights& weights);

  absl::StatusOr<reduce::StepResult> Run(const StepInput& input) override;
  reduce::OptimizerShard& shard() override { return shard_; }
  bool optimizer_is_replicated() const override { return true; }
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
  void ComputeRun(const StepInput& input, int thread, nn::GradientListener* last_listener);
  absl::Status SendAll();

  comm::Communicator& communicator_;
  ThreadTeam& team_;
  std::vector<MicroBatchRunner>& runners_;
  const nn::Plan& plan_;
  Weights& weights_;
  int64_t num_parameters_;
  std::vector<ThreadSums> thread_sums_;
  reduce::AllReducer reducer_;
  reduce::OptimizerShard shard_;
  metrics::PhaseSeconds phases_;  // without what the executors count
};

}  // namespace convoy::train
