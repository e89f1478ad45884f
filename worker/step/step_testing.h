// A whole training step on made-up images, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/label.h"
#include "common/base/thread_team.h"
#include "common/nn/plan/executor.h"
#include "common/optim/optimizer.h"
#include "worker/comm/communicator.h"
#include "worker/step/batch_partition.h"
#include "worker/step/micro_batch_runner.h"
#include "worker/step/training_step.h"

namespace convoy::step {

// One rank's step of the notebook's network, by the exact reduction or by MPI's sums, for batches
// of 40 and of 20 images in micro-batches of 8.
class StepRig {
 public:
  enum class Kind { kExact, kMpi };

  // COLLECTIVE. `comm` must outlive the rig. Weights are the same in every rig.
  StepRig(comm::Communicator& comm, int threads, Kind kind,
          const optim::OptimizerConfig& optimizer = {}, const PassOptions& options = {},
          Exchange exchange = Exchange::kFloat32);

  size_t num_batches() const { return batches_.size(); }
  TrainingStep& step() { return *step_; }
  std::vector<float> weights() const;

  // COLLECTIVE. The next step, on one of the batches.
  absl::StatusOr<StepResult> Run(size_t batch, bool stop_requested = false);

 private:
  nn::Plan plan_;
  std::vector<uint8_t> pixels_;
  std::vector<Label> labels_;
  std::vector<uint32_t> image_index_;
  std::vector<BatchPartition> batches_;
  ThreadTeam team_;
  std::vector<MicroBatchRunner> runners_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::unique_ptr<TrainingStep> step_;
  int64_t number_ = 0;
};

}  // namespace convoy::step
