// What a step does about values that are not finite: it must not move the weights, and all ranks
// must say the same.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"

namespace convoy::step {

// The worst that was found, in order.
enum class Finiteness { kFinite, kWeightsNotFinite, kGradientNotFinite };

inline Finiteness Worse(Finiteness a, Finiteness b) { return std::max(a, b); }

// Looks at the new weights [n] that were made of a part of the gradient.
Finiteness CheckFinite(bool gradient_is_finite, const float* new_weights, int64_t n);

// Returns OK or ABORTED, saying what is not finite.
absl::Status StatusOf(Finiteness finiteness);

// Returns ABORTED if the sum of the losses is not finite.
absl::Status CheckLoss(double loss);

// How an owner tells the others what it found without another message: by the first of its new
// weights, which all get anyway. NaN for the gradient, infinity for the weights.
float MarkOf(Finiteness finiteness);
Finiteness ReadMark(float first_weight);

}  // namespace convoy::step
