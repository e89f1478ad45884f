// Runs a plan over a few images at a time, in one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/base/label.h"
#include "common/kernels/elementwise/softmax.h"
#include "common/nn/plan/plan.h"

namespace convoy::nn {

// A set of weights and what Plan::Prepare made of it. Not owned.
struct PreparedWeights {
  const float* weights = nullptr;   // [num_parameters]
  const float* prepared = nullptr;  // [prepared_floats], aligned to a cache line
};

// Images and labels to run over. Not owned.
struct ImageBatch {
  int num_images = 0;
  const uint8_t* const* pixels = nullptr;  // [num_images], each [height, width, channels]
  const Label* labels = nullptr;           // [num_images]; may be null where no loss is asked for
};

// Seconds spent so far, by kind of work.
struct ExecutorSeconds {
  double data = 0;
  double forward = 0;
  double backward = 0;
};

// Is told how far a training pass has come.
class PassListener {
 public:
  enum class Part { kPixels, kForward, kLoss, kBackward };
  virtual ~PassListener() = default;
  // A part is done. `stage` is the plan's, of kForward and kBackward; 0 of others.
  virtual void OnDone(Part part, size_t stage) {}
  // The gradient is complete from parameter `begin` on. Called once a stage that has parameters,
  // from the last to the first.
  virtual void OnGradientFrom(int64_t begin) {}
};

// Where a training pass leaves its gradient, and who is told of it.
struct GradientTarget {
  float* gradient = nullptr;                   // [num_parameters]
  const SufficientFactors* factors = nullptr;  // [stages]; null: all gradients are wanted
  PassListener* listener = nullptr;            // may be null
};

// Owns the memory of one thread's passes, all taken by the constructor. Thread-compatible.
class Executor {
 public:
  // `plan` must outlive the executor. At most `max_images` go through the network together.
  Executor(const Plan& plan, int max_images);

  // Runs forward and backward, max_images at most. Writes the gradient of the SUM of the images'
  // losses into `target`; returns the sum of the losses and the number of right answers.
  kernels::LossSums Train(const PreparedWeights& weights, const Pass& images,
                          const ImageBatch& batch, const GradientTarget& target);

  // Runs forward without dropout, max_images at most; returns the sum of the losses and the number
  // of right answers.
  kernels::LossSums Evaluate(const PreparedWeights& weights, const ImageBatch& batch);

  // Writes the classes' probabilities [num_images, num_classes]. Takes any number of images, by
  // max_images at a time: an executor for a few, whose memory stays in cache, is the fastest.
  void Predict(const PreparedWeights& weights, const ImageBatch& batch, float* probabilities);

  // The logits [num_images, num_classes] of the last pass; of Predict's, the last part.
  const float* logits() const { return activations_.back().data(); }

  int max_images() const { return max_images_; }
  const ExecutorSeconds& seconds() const { return seconds_; }

 private:
  void LoadPixels(const ImageBatch& batch);
  const float* Infer(const PreparedWeights& weights, const ImageBatch& batch);
  OperationMemory MemoryOf(const PreparedWeights& weights, size_t stage);
  void Backward(const PreparedWeights& weights, const Pass& pass, const GradientTarget& target);

  const Plan& plan_;
  int max_images_;
  std::vector<AlignedBuffer<float>> activations_;  // [stages + 1]: the input, each stage's output
  std::vector<AlignedBuffer<std::byte>> saved_;    // [stages]
  std::vector<AlignedBuffer<float>> d_skips_;  // [stages]: what skips add to its output's gradient
  AlignedBuffer<std::byte> scratch_;
  AlignedBuffer<float> d_dst_;  // the two change places at every stage
  AlignedBuffer<float> d_src_;
  ExecutorSeconds seconds_;
};

}  // namespace convoy::nn
