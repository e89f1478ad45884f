// Optimizers with Keras's formulas and defaults.
//
// An optimizer is a pure function of one step, elementwise: weights, gradients and slots (its
// state, such as Adam's moments) go in, new ones come out. So it runs on any slice of the
// parameters, and whoever owns a slice owns its slots.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::optim {

// Keras's names and defaults.
struct OptimizerConfig {
  enum class Kind { kSgd, kAdam, kAdamW, kRmsprop };
  Kind kind = Kind::kAdam;
  double learning_rate = 0.001;
  double momentum = 0;          // SGD, RMSprop
  bool nesterov = false;        // SGD
  double beta_1 = 0.9;          // Adam, AdamW
  double beta_2 = 0.999;        // Adam, AdamW
  double epsilon = 1e-7;        // Adam, AdamW, RMSprop
  double weight_decay = 0.004;  // AdamW
  double rho = 0.9;             // RMSprop
};

// The kinds' names in recipes: sgd, adam, adamw, rmsprop.
const std::vector<std::string>& OptimizerNames();

// Returns the kind of that name. Returns INVALID_ARGUMENT with the nearest known name for another.
absl::StatusOr<OptimizerConfig::Kind> ParseOptimizerKind(const std::string& name);

// Returns INVALID_ARGUMENT, naming the flag or the recipe's field, if a value that the kind uses
// cannot be trained with: learning_rate and epsilon must be positive and finite, momentum, beta_1,
// beta_2 and rho in [0, 1), weight_decay from 0 to 1.
absl::Status ValidateOptimizer(const OptimizerConfig& config);

// One kind of optimizer with its constants. Immutable, so thread-safe.
class Optimizer {
 public:
  // Returns ValidateOptimizer's error for a config that it refuses.
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const OptimizerConfig& config);

  virtual ~Optimizer() = default;

  // The arrays of state, each as long as the weights and zero at first: "m" and "v" for Adam
  // and AdamW, "v" for RMSprop, "momentum" for SGD and RMSprop with momentum, none for plain SGD.
  virtual std::vector<std::string> SlotNames() const = 0;

  // Makes one step on n weights with the gradient grad_sum[i] * grad_scale.
  //   step: the number of this step, from 1
  //   learning_rate: what a schedule gives for this step, or the config's; positive
  //   weights, grad_sum [n]; slots: one array [n] for each of SlotNames, updated in place
  //   new_weights [n], may be `weights`; apart from that no two arrays overlap
  // The result for an element depends on nothing else, neither n nor its place, and is the same on
  // every instruction set; subnormal numbers count as zero. No allocation.
  virtual void Update(int64_t step, double learning_rate, float grad_scale, int64_t n,
                      const float* weights, const float* grad_sum, float* const* slots,
                      float* new_weights) const = 0;
};

}  // namespace convoy::optim
