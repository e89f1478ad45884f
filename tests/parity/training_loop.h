// A training loop in one thread from the parts of common/, with plain sums: what the checks against
// other implementations train with.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/data/dataset.h"
#include "common/nn/network.h"
#include "common/nn/plan/executor.h"
#include "common/nn/plan/plan.h"
#include "common/optim/optimizer.h"

namespace convoy::parity {

// The notebook's recipe: batches of 128, micro-batches of 16, Adam with its defaults.
inline constexpr int64_t kBatchSize = 128;
inline constexpr int64_t kMicroBatch = 16;

// Returns the notebook's network without its dropout.
nn::Network NotebookWithoutDropout();

// Trains on the first epoch, batch by batch. Thread-compatible.
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
  const std::vector<float>& weights() const { return weights_; }  // [num_parameters]
  const std::vector<uint32_t>& order() const { return order_; }   // the images of the epoch

 private:
  // Writes the gradient of the summed losses of the images order[0 .. num_images) to `gradient`;
  // returns the sum.
  double TrainMicroBatch(const uint32_t* order, int num_images, float* gradient);

  nn::Plan plan_;
  data::DatasetView images_;
  uint64_t seed_;
  nn::Executor executor_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::vector<uint32_t> order_;
  std::vector<float> weights_;
  AlignedBuffer<float> prepared_;
  std::vector<float> gradient_sum_;
  std::vector<float> gradient_;
  std::vector<std::vector<float>> slots_;
  int64_t steps_done_ = 0;
};

}  // namespace convoy::parity
