// The weights of a rank: those in force, what the plan prepared from them, and room for the next.
#pragma once

#include <array>

#include "common/base/aligned_buffer.h"
#include "common/nn/plan/executor.h"

namespace convoy::step {

// Thread-compatible. New weights are written beside the old ones, so that a step that fails leaves
// these as they were.
class Weights {
 public:
  // The two sets of memory [num_parameters] are the caller's; `plan` and they must outlive this.
  // Write next() and Advance() before the first use.
  Weights(const nn::Plan& plan, float* first, float* second)
      : plan_(plan), sets_{first, second}, prepared_(static_cast<size_t>(plan.prepared_floats())) {}

  // Which set is in force: 0 or 1.
  int current_set() const { return current_; }
  const float* current() const { return sets_[static_cast<size_t>(current_)]; }
  int next_set() const { return 1 - current_; }
  float* next() { return sets_[static_cast<size_t>(next_set())]; }
  nn::PreparedWeights prepared() const { return {current(), prepared_.data()}; }

  // Makes next() the weights in force.
  void Advance() {
    current_ = next_set();
    plan_.Prepare(current(), prepared_.data());
  }

 private:
  const nn::Plan& plan_;
  std::array<float*, 2> sets_;
  int current_ = 1;
  AlignedBuffer<float> prepared_;
};

}  // namespace convoy::step
