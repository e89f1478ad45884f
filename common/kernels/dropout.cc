#include "common/kernels/dropout.h"

#include <cmath>

#include "common/base/check.h"
#include "common/base/random.h"

namespace convoy::kernels {
namespace {

// The smallest word that keeps its element.
uint32_t Threshold(float rate) {
  return static_cast<uint32_t>(std::ceil(static_cast<double>(rate) * 0x1p32));
}

}  // namespace

void DropoutForward(const DropoutKey& key, float rate, int n, int64_t elems_per_image,
                    const uint32_t* image_index, const float* src, float* dst, uint8_t* keep) {
  CONVOY_CHECK(rate >= 0.0f && rate < 1.0f);
  const auto philox_key = PhiloxKey(key.seed, RandomStream::kDropout);
  const uint32_t threshold = Threshold(rate);
  for (int image = 0; image < n; ++image) {
    uint8_t* keep_image = keep + image * elems_per_image;
    for (int64_t e = 0; e < elems_per_image; e += 4) {
      const auto words =
          Philox({static_cast<uint32_t>(e / 4), key.layer_ordinal, image_index[image], key.epoch},
                 philox_key);
      for (int64_t i = e; i < e + 4 && i < elems_per_image; ++i) {
        keep_image[i] = words[i - e] >= threshold;
      }
    }
  }
  DropoutBackward(rate, n * elems_per_image, keep, src, dst);
}

void DropoutBackward(float rate, int64_t num_elems, const uint8_t* keep, const float* d_dst,
                     float* d_src) {
  CONVOY_CHECK(rate >= 0.0f && rate < 1.0f);
  const float scale = 1.0f / (1.0f - rate);
  for (int64_t i = 0; i < num_elems; ++i) d_src[i] = keep[i] != 0 ? d_dst[i] * scale : 0.0f;
}

}  // namespace convoy::kernels
