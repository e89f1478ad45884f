// One step of training on all ranks: compute the gradients, reduce them, update the weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/metrics/phase_seconds.h"
#include "worker/step/batch_partition.h"
#include "worker/step/contribution.h"
#include "worker/step/micro_batch_runner.h"
#include "worker/step/range_optimizer.h"
#include "worker/step/weights.h"

namespace convoy::step {

struct StepInput {
  size_t batch = 0;                       // index into the batches that the step was made for
  const uint32_t* image_index = nullptr;  // [batch_images] training images, in order
  uint64_t seed = 0;
  uint32_t epoch = 0;
  StepHyperparameters hyperparameters;
  bool stop_requested = false;  // this rank was asked to stop
};

// Thread-compatible: called on the rank's training thread only.
class TrainingStep {
 public:
  virtual ~TrainingStep() = default;

  // COLLECTIVE. On success the weights have moved. Returns ABORTED, on all ranks, if the loss, the
  // gradient or a new weight is not finite: the weights have not moved then.
  virtual absl::StatusOr<StepResult> Run(const StepInput& input) = 0;

  // The weights in force. Before the first step, and to go on from a checkpoint, every rank calls
  // SetWeights with the same values [num_parameters]. COLLECTIVE.
  virtual Weights& weights() = 0;
  virtual absl::Status SetWeights(const float* values) = 0;

  // The optimizer with its slots: on each rank up to date for what it updates.
  virtual RangeOptimizer& slots() = 0;

  // Returns what a rank updates, as ranges of parameters.
  virtual std::vector<data::Range> UpdatedBy(int rank) const = 0;

  // This rank's time so far. Phases of several threads are their mean.
  virtual metrics::PhaseSeconds phases() const = 0;
};

}  // namespace convoy::step
