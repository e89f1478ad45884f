#include "worker/step/finite_check.h"

#include <cmath>
#include <limits>

#include "common/kernels/elementwise/vector_ops.h"

namespace convoy::step {

Finiteness CheckFinite(bool gradient_is_finite, const float* new_weights, int64_t n) {
  if (!gradient_is_finite) return Finiteness::kGradientNotFinite;
  return kernels::AllFinite(new_weights, n) ? Finiteness::kFinite : Finiteness::kWeightsNotFinite;
}

absl::Status StatusOf(Finiteness finiteness) {
  switch (finiteness) {
    case Finiteness::kGradientNotFinite:
      return absl::AbortedError("the gradient is not finite");
    case Finiteness::kWeightsNotFinite:
      return absl::AbortedError("the new weights are not finite");
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckLoss(double loss) {
  return std::isfinite(loss) ? absl::OkStatus() : absl::AbortedError("the loss is not finite");
}

float MarkOf(Finiteness finiteness) {
  return finiteness == Finiteness::kGradientNotFinite ? std::numeric_limits<float>::quiet_NaN()
                                                      : std::numeric_limits<float>::infinity();
}

Finiteness ReadMark(float first_weight) {
  if (std::isnan(first_weight)) return Finiteness::kGradientNotFinite;
  return std::isinf(first_weight) ? Finiteness::kWeightsNotFinite : Finiteness::kFinite;
}

}  // namespace convoy::step
