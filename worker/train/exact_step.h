// A training step with the exact reduction.
#pragma once

#include <memory>
#include <vector>

#include "common/base/thread_team.h"
#include "worker/reduce/exact_reducer.h"
#include "worker/train/training_step.h"
#include "worker/train/weights.h"

namespace convoy::train {

// Each thread runs its micro-batches one after another and adds their gradients along the tree as
// far as it can; the rank then adds its threads' sums as far as it can; ExactReducer does the rest.
class ExactStep : public TrainingStep {
 public:
  // All references must outlive the step. `layouts` are all that steps will come with; `runners`
  // has one for each thread of the team.
  ExactStep(comm::Communicator& communicator, ThreadTeam& team,
            std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
            const std::vector<const reduce::BatchLayout*>& layouts, Weights& weights);
  ~ExactStep() override;

  absl::StatusOr<reduce::StepResult> Run(const StepInput& input) override;
  reduce::OptimizerShard& shard() override { return shard_; }
  bool optimizer_is_replicated() const override { return false; }
  metrics::PhaseSeconds phases() const override;

 private:
  // The sums of a thread's run: a stack of nodes.
  struct ThreadSums {
    std::vector<AlignedBuffer<float>> gradients;
    std::vector<double> losses;
    int64_t correct = 0;
    double seconds = 0;  // of the last step
  };
  struct RankSchedule;  // what depends on the layout

  const RankSchedule& ScheduleOf(const reduce::BatchLayout& layout) const;
  void ComputeRun(const RankSchedule& schedule, const StepInput& input, int thread);
  void AddThreads(const RankSchedule& schedule);

  comm::Communicator& communicator_;
  ThreadTeam& team_;
  std::vector<MicroBatchRunner>& runners_;
  Weights& weights_;
  int64_t num_parameters_;
  std::vector<std::unique_ptr<RankSchedule>> schedules_;
  std::vector<ThreadSums> thread_sums_;
  std::vector<AlignedBuffer<float>> rank_sums_;  // of nodes that several threads make up
  reduce::Contribution contribution_;
  reduce::ExactReducer reducer_;
  reduce::OptimizerShard shard_;
  metrics::PhaseSeconds phases_;  // without what the executors count
};

}  // namespace convoy::train
