// Gradient descent, plain, with momentum or with Nesterov's, as Keras has it.
#pragma once

#include <string>
#include <vector>

#include "common/optim/optimizer.h"

namespace convoy::optim {

// With g the gradient and lr the learning rate:
//   plain: w -= lr g
//   momentum: velocity = momentum * velocity - lr g;  w += velocity
//   Nesterov: the same velocity;  w += momentum * velocity - lr g
// Nesterov without momentum is plain. The slot "momentum" holds the velocity, as in Keras.
class Sgd : public Optimizer {
 public:
  // REQUIRES: ValidateOptimizer(config) is OK.
  explicit Sgd(const OptimizerConfig& config);

  std::vector<std::string> SlotNames() const override;
  void Update(int64_t step, double learning_rate, float grad_scale, int64_t n, const float* weights,
              const float* grad_sum, float* const* slots, float* new_weights) const override;

 private:
  float momentum_;
  bool nesterov_;
};

}  // namespace convoy::optim
