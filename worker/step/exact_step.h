// A training step with the exact reduction.
#pragma once

#include <memory>
#include <vector>

#include "common/base/thread_team.h"
#include "worker/comm/communicator.h"
#include "worker/step/exact_reducer.h"
#include "worker/step/thread_sums.h"
#include "worker/step/training_step.h"

namespace convoy::train {

// Each thread runs its micro-batches one after another and adds their gradients along the tree as
// far as it can; the rank then adds its threads' sums as far as it can; ExactReducer does the rest.
class ExactStep : public TrainingStep {
 public:
  // COLLECTIVE. All references must outlive the step. `batches` are all that steps will come with;
  // `runners` has one for each thread of the team.
  static absl::StatusOr<std::unique_ptr<TrainingStep>> Create(
      comm::Communicator& communicator, ThreadTeam& team, std::vector<MicroBatchRunner>& runners,
      const optim::Optimizer& optimizer, const nn::Plan& plan,
      const std::vector<const reduce::BatchLayout*>& batches);

  absl::StatusOr<reduce::StepResult> Run(const StepInput& input) override;
  Weights& weights() override { return *weights_; }
  absl::Status SetWeights(const float* values) override;
  reduce::OptimizerState& optimizer() override { return optimizer_; }
  std::vector<data::Range> UpdatedBy(int rank) const override { return layout_.OwnedBy(rank); }
  metrics::PhaseSeconds phases() const override;

 private:
  ExactStep(comm::Communicator& communicator, ThreadTeam& team,
            std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
            const nn::Plan& plan, const std::vector<const reduce::BatchLayout*>& batches);

  absl::Status Open(const std::vector<const reduce::BatchLayout*>& batches);
  void ComputeRun(const StepInput& input, int thread);
  void PointAtFactors(const data::Range& images, int thread);

  comm::Communicator& communicator_;
  ThreadTeam& team_;
  std::vector<MicroBatchRunner>& runners_;
  const nn::Plan& plan_;
  const reduce::ParameterLayout layout_;
  ThreadSums sums_;
  reduce::OptimizerState optimizer_;
  std::unique_ptr<reduce::Exchange> exchange_;
  std::unique_ptr<reduce::ExactReducer> reducer_;
  std::unique_ptr<Weights> weights_;
  std::vector<std::vector<nn::SufficientFactors>> factor_rows_;  // [thread][stage]
  std::vector<double> thread_seconds_;                           // of the last step
  reduce::Contribution contribution_;
  metrics::PhaseSeconds phases_;  // without what the executors count
};

}  // namespace convoy::train
