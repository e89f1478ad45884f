// One step of training on all ranks: compute the gradients, reduce them, update the weights.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/metrics/phase_seconds.h"
#include "worker/reduce/batch_layout.h"
#include "worker/reduce/contribution.h"
#include "worker/reduce/optimizer_shard.h"
#include "worker/train/micro_batch_runner.h"

namespace convoy::train {

struct StepInput {
  const reduce::BatchLayout* layout = nullptr;
  const uint32_t* image_index = nullptr;  // [batch_images] training images, in order
  uint64_t seed = 0;
  uint32_t epoch = 0;
  reduce::UpdateRule rule;
  bool stop_requested = false;  // this rank was asked to stop
};

// Thread-compatible: called on the rank's training thread only.
class TrainingStep {
 public:
  virtual ~TrainingStep() = default;

  // COLLECTIVE. On success the weights have moved. Returns ABORTED, on all ranks, if the loss or
  // the gradient is not finite: the weights have not moved then.
  virtual absl::StatusOr<reduce::StepResult> Run(const StepInput& input) = 0;

  // The part of the optimizer that this rank runs.
  virtual reduce::OptimizerShard& shard() = 0;

  // Whether every rank runs the whole optimizer, so that its shard is all of it.
  virtual bool optimizer_is_replicated() const = 0;

  // This rank's time so far. Phases of several threads are their mean.
  virtual metrics::PhaseSeconds phases() const = 0;
};

}  // namespace convoy::train
