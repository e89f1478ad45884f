// The operations, from fast to general. Each file NAME_operation.cc has one.
#pragma once

#include "common/nn/plan/operation.h"

namespace convoy::nn {

// Conv2D with ReLU, and the MaxPooling2D behind it where there is one, by Winograd's method.
absl::StatusOr<Match> MatchWinogradBlock(const std::vector<Layer>& layers, size_t first);

// The same, directly.
absl::StatusOr<Match> MatchDirectBlock(const std::vector<Layer>& layers, size_t first);

// Conv2D with any activation, by im2col.
absl::StatusOr<Match> MatchIm2colBlock(const std::vector<Layer>& layers, size_t first);

// MaxPooling2D.
absl::StatusOr<Match> MatchMaxPooling2d(const std::vector<Layer>& layers, size_t first);

// AveragePooling2D and GlobalAveragePooling2D.
absl::StatusOr<Match> MatchAveragePooling2d(const std::vector<Layer>& layers, size_t first);

// BatchNormalization.
absl::StatusOr<Match> MatchBatchNormalization(const std::vector<Layer>& layers, size_t first);

// Flatten: nothing to do, as images are stored row by row already.
absl::StatusOr<Match> MatchFlatten(const std::vector<Layer>& layers, size_t first);

// Dense with its activation.
absl::StatusOr<Match> MatchDense(const std::vector<Layer>& layers, size_t first);

// Dropout.
absl::StatusOr<Match> MatchDropout(const std::vector<Layer>& layers, size_t first);

// Activation. A softmax at the end is left to the loss.
absl::StatusOr<Match> MatchActivation(const std::vector<Layer>& layers, size_t first);

// GroupNormalization.
absl::StatusOr<Match> MatchGroupNormalization(const std::vector<Layer>& layers, size_t first);

// Rescaling.
absl::StatusOr<Match> MatchRescaling(const std::vector<Layer>& layers, size_t first);

// ZeroPadding2D.
absl::StatusOr<Match> MatchZeroPadding2d(const std::vector<Layer>& layers, size_t first);

// DepthwiseConv2D with its activation.
absl::StatusOr<Match> MatchDepthwiseConv2d(const std::vector<Layer>& layers, size_t first);

// Add.
absl::StatusOr<Match> MatchAdd(const std::vector<Layer>& layers, size_t first);

}  // namespace convoy::nn
