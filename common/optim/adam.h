// Adam. Source: Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, in the form of
// section 2's last paragraph, as Keras has it: epsilon is added to sqrt(v) before the correction.
// AdamW is the same with decoupled weight decay. Source: Loshchilov, Hutter, "Decoupled weight
// decay regularization", ICLR 2019; as Keras has it, all weights decay, biases too.
#pragma once

#include <string>
#include <vector>

#include "common/optim/optimizer.h"

namespace convoy::optim {

// What a step needs besides the arrays.
struct AdamConstants {
  float grad_scale;
  float one_minus_beta_1;
  float one_minus_beta_2;
  float alpha;
  float epsilon;
  float decay;  // learning_rate * weight_decay; 0 for Adam
};

// With t the step and g the gradient:
//   alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t), in double, then rounded
//   m += (g - m) (1 - beta_1);  v += (g^2 - v) (1 - beta_2);  w -= alpha m / (sqrt(v) + epsilon)
// where AdamW has w -= learning_rate weight_decay w before the last.
class Adam : public Optimizer {
 public:
  // REQUIRES: ValidateOptimizer(config) is OK.
  explicit Adam(const OptimizerConfig& config);

  std::vector<std::string> SlotNames() const override { return {"m", "v"}; }
  void Update(int64_t step, double learning_rate, float grad_scale, int64_t n, const float* weights,
              const float* grad_sum, float* const* slots, float* new_weights) const override;

  // The alpha above.
  double Alpha(int64_t step, double learning_rate) const;

 private:
  double beta_1_;
  double beta_2_;
  float epsilon_;
  double weight_decay_;  // 0 for Adam
};

}  // namespace convoy::optim
