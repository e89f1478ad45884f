// The plain dropout, for tests.
#pragma once

#include <cmath>
#include <cstdint>

#include "common/base/random.h"
#include "common/kernels/elementwise/dropout.h"

namespace convoy::kernels {

// As DropoutForward, naively, in T.
template <typename T>
void DropoutForwardRef(const DropoutKey& key, T rate, int n, int64_t elems_per_image,
                       const uint32_t* image_index, const T* src, T* dst, uint8_t* keep) {
  const auto philox_key = PhiloxKey(key.seed, RandomStream::kDropout);
  for (int image = 0; image < n; ++image) {
    for (int64_t e = 0; e < elems_per_image; ++e) {
      const uint32_t word =
          Philox({static_cast<uint32_t>(e / 4), key.layer_ordinal, image_index[image], key.epoch},
                 philox_key)[e % 4];
      const int64_t i = image * elems_per_image + e;
      keep[i] = static_cast<double>(word) * 0x1p-32 >= static_cast<double>(rate);
      dst[i] = keep[i] ? src[i] * (T{1} / (T{1} - rate)) : T{0};
    }
  }
}

// As DropoutBackward, naively, in T.
template <typename T>
void DropoutBackwardRef(T rate, int64_t num_elems, const uint8_t* keep, const T* d_dst, T* d_src) {
  for (int64_t i = 0; i < num_elems; ++i) {
    d_src[i] = keep[i] ? d_dst[i] * (T{1} / (T{1} - rate)) : T{0};
  }
}

}  // namespace convoy::kernels
