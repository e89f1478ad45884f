// A training step with the exact reduction and a sharded optimizer.
#pragma once

#include <memory>
#include <vector>

#include "common/base/thread_team.h"
#include "worker/comm/communicator.h"
#include "worker/step/sharded_optimizer.h"
#include "worker/step/thread_sums.h"
#include "worker/step/training_step.h"

namespace convoy::step {

// A step:
//   a) each thread runs its micro-batches forward and backward, one after another, and adds their
//      gradients along the canonical tree as far as it can; then the team adds what threads left;
//   b) reduce-scatter: each rank's sums and factors reach the owners of the parameters;
//   c) the sharded optimizer makes the owner's new weights, beside those in force;
//   d) all-gather: the new weights reach all ranks;
//   e) unless something is not finite, the new weights come into force.
class ExactStep : public TrainingStep {
 public:
  // COLLECTIVE. All references must outlive the step. `batches` are all that steps will come with,
  // the largest first; `runners` has one for each thread of the team.
  static absl::StatusOr<std::unique_ptr<TrainingStep>> Create(
      comm::Communicator& communicator, ThreadTeam& team, std::vector<MicroBatchRunner>& runners,
      const optim::Optimizer& optimizer, const nn::Plan& plan,
      const std::vector<BatchPartition>& batches, Exchange exchange = Exchange::kFloat32);

  absl::StatusOr<StepResult> Run(const StepInput& input) override;
  Weights& weights() override { return *weights_; }
  absl::Status SetWeights(const float* values) override;
  RangeOptimizer& slots() override { return optimizer_.slots(); }
  std::vector<Range> UpdatedBy(int rank) const override { return sharding_.OwnedBy(rank); }
  metrics::PhaseSeconds phases() const override;

 private:
  ExactStep(comm::Communicator& communicator, ThreadTeam& team,
            std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
            const nn::Plan& plan, const std::vector<BatchPartition>& batches, Exchange exchange);

  absl::Status Open();
  void ComputeGradients(const StepInput& input);
  void ComputeRun(const StepInput& input, int thread);
  void BindFactors(const Range& images, int thread);
  void RoundFactors(const Range& images);

  comm::Communicator& communicator_;
  ThreadTeam& team_;
  std::vector<MicroBatchRunner>& runners_;
  const nn::Plan& plan_;
  const std::vector<BatchPartition>& batches_;
  const ShardingPlan sharding_;
  ThreadSums sums_;
  ShardedOptimizer optimizer_;
  std::unique_ptr<Collectives> collectives_;
  std::unique_ptr<Weights> weights_;
  std::vector<std::vector<nn::SufficientFactors>> factor_rows_;  // [thread][stage]
  std::vector<double> thread_seconds_;                           // of the last step
  Contribution contribution_;
  metrics::PhaseSeconds phases_;  // without what the executors count
};

}  // namespace convoy::step
