// The weights of a rank: those in force, what the plan prepared from them, and room for the next.
#pragma once

#include <utility>

#include "common/base/aligned_buffer.h"
#include "common/nn/executor.h"

namespace convoy::train {

// Thread-compatible. New weights are written beside the old ones, so that a step that fails leaves
// these as they were.
class Weights {
 public:
  // `plan` must outlive this. All weights are zero: write next() and Advance().
  explicit Weights(const nn::Plan& plan)
      : plan_(plan),
        current_(static_cast<size_t>(plan.network().num_parameters())),
        next_(current_.size()),
        prepared_(static_cast<size_t>(plan.prepared_floats())) {}

  const AlignedBuffer<float>& current() const { return current_; }
  float* next() { return next_.data(); }
  nn::PreparedWeights prepared() const { return {current_.data(), prepared_.data()}; }

  // Makes next() the weights in force.
  void Advance() {
    std::swap(current_, next_);
    plan_.Prepare(current_.data(), prepared_.data());
  }

 private:
  const nn::Plan& plan_;
  AlignedBuffer<float> current_;
  AlignedBuffer<float> next_;
  AlignedBuffer<float> prepared_;
};

}  // namespace convoy::train
