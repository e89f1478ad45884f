// The trainer's own step on one rank and thread, batch by batch: what the checks against other
// implementations train with.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/thread_team.h"
#include "common/data/dataset.h"
#include "common/nn/network.h"
#include "common/nn/plan/plan.h"
#include "common/optim/optimizer.h"
#include "worker/comm/thread_communicator.h"
#include "worker/step/training_step.h"

namespace convoy::parity {

// The notebook's recipe: batches of 128, micro-batches of 16, Adam with its defaults.
inline constexpr int64_t kBatchSize = 128;
inline constexpr int64_t kMicroBatch = 16;

// Returns the notebook's network without its dropout.
nn::Network NotebookWithoutDropout();

// Trains on the first epoch. Thread-compatible.
class TrainingLoop {
 public:
  // Draws the initial weights and the epoch's order from `seed`. What `images` views must outlive
  // the loop.
  TrainingLoop(const nn::Network& network, const data::DatasetView& images, uint64_t seed);

  // Trains on the next batch; returns the mean of its images' losses before the update.
  // REQUIRES: a whole batch is left in the epoch.
  double Step();

  // As Step, on these images [kBatchSize] instead.
  double StepOn(const uint32_t* batch);

  const nn::Network& network() const { return plan_.network(); }
  std::vector<float> weights() const;                            // [num_parameters]
  const std::vector<uint32_t>& order() const { return order_; }  // the images of the epoch

 private:
  const nn::Plan plan_;
  const int64_t num_images_;
  const uint64_t seed_;
  const std::vector<step::BatchPartition> batches_;
  const std::unique_ptr<optim::Optimizer> optimizer_;
  comm::ThreadWorld world_;
  const std::unique_ptr<comm::Communicator> rank_;
  ThreadTeam team_;
  std::vector<step::MicroBatchRunner> runners_;
  std::unique_ptr<step::TrainingStep> step_;
  std::vector<uint32_t> order_;
  int64_t steps_done_ = 0;
};

}  // namespace convoy::parity
