// One thread's passes over micro-batches of the training images.
#pragma once

#include <vector>

#include "common/base/label.h"
#include "common/data/augmentation.h"
#include "common/data/dataset.h"
#include "common/metrics/phase_seconds.h"
#include "common/nn/plan/executor.h"

namespace convoy::step {

// What a recipe changes about the passes.
struct PassOptions {
  float label_smoothing = 0;
  data::AugmentationConfig augmentation;
};

// Thread-compatible; each thread has its own.
class MicroBatchRunner {
 public:
  // `plan` and what `images` views must outlive the runner. Takes all the memory it needs.
  MicroBatchRunner(const nn::Plan& plan, const data::DatasetView& images, int max_images,
                   const PassOptions& options = {});

  // Runs the images image_index[0 .. num_images) forward and backward; see Executor::Train.
  kernels::LossSums Run(const nn::PreparedWeights& weights, uint64_t seed, uint32_t epoch,
                        const uint32_t* image_index, int num_images,
                        const nn::GradientTarget& target);

  nn::Executor& executor() { return executor_; }
  const nn::Executor& executor() const { return executor_; }
  // Spent on augmentation so far.
  double augment_seconds() const { return augment_seconds_; }

 private:
  const uint8_t* PixelsOf(uint64_t seed, uint32_t epoch, uint32_t image_index, int place);

  data::DatasetView images_;
  PassOptions options_;
  nn::Executor executor_;
  std::vector<const uint8_t*> pixels_;
  std::vector<Label> labels_;
  data::Augmenter augmenter_;
  std::vector<uint8_t> augmented_;  // the images of a pass; empty without augmentation
  double augment_seconds_ = 0;
};

// Returns the mean over the threads of what their passes took so far.
metrics::PhaseSeconds MeanPassSeconds(const std::vector<MicroBatchRunner>& runners);

}  // namespace convoy::step
