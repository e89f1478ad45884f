// Gaussian noise on images, to see how much of it a network bears.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace convoy::data {

// The most noise that makes sense to ask for: hardly anything is left of an image.
inline constexpr double kMaxNoiseLevel = 10;

// Returns INVALID_ARGUMENT unless 0 <= level <= kMaxNoiseLevel.
absl::Status CheckNoiseLevel(double level);

// dst[i] = clip(src[i] / 255 + level * n_i, 0, 1) * 255, rounded, with n_i normal numbers of mean 0
// and variance 1 that are a function of (seed, image_index) alone: the noise of an image does not
// depend on which others are asked for, nor on the machine. At level 0 dst is src. src and dst are
// [num_bytes] and may be the same. Thread-safe. REQUIRES: CheckNoiseLevel(level).
void AddNoise(const uint8_t* src, int64_t num_bytes, double level, uint64_t seed,
              uint32_t image_index, uint8_t* dst);

}  // namespace convoy::data
