// RMSprop. Source: Tieleman, Hinton, "Lecture 6.5: rmsprop", Coursera 2012, as Keras has it:
// epsilon is added to the mean square before the root.
#pragma once

#include <string>
#include <vector>

#include "common/optim/optimizer.h"

namespace convoy::optim {

// What a step needs besides the arrays.
struct RmspropConstants {
  float grad_scale;
  float learning_rate;
  float rho;
  float one_minus_rho;
  float momentum;
  float epsilon;
};

// With g the gradient:
//   v = rho v + (1 - rho) g^2;  increment = learning_rate g / sqrt(v + epsilon)
//   without momentum w -= increment, else buffer = momentum buffer + increment;  w -= buffer
class Rmsprop : public Optimizer {
 public:
  // REQUIRES: ValidateOptimizer(config) is OK.
  explicit Rmsprop(const OptimizerConfig& config);

  // "v", and "momentum" with momentum.
  std::vector<std::string> SlotNames() const override;
  void Update(int64_t step, double learning_rate, float grad_scale, int64_t n, const float* weights,
              const float* grad_sum, float* const* slots, float* new_weights) const override;

 private:
  double rho_;
  float momentum_;
  float epsilon_;
};

}  // namespace convoy::optim
