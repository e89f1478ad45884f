// Keras's inverted dropout: each element is dropped with probability `rate`, and what stays is
// divided by 1 - rate.
//
// Which elements stay is a pure function of the seed, the epoch, the layer, the image's place in
// the data set and the element: it does not depend on the batch, the rank or the thread. Element e
// of an image takes word e mod 4 of Philox(counter, key) (common/base/random.h) with
//   key = PhiloxKey(seed, RandomStream::kDropout),
//   counter = (e / 4, layer_ordinal, image_index, epoch),
// and is kept if word >= rate * 2^32. All functions are thread-safe and give the same bits on every
// instruction set.
#pragma once

#include <cstdint>

namespace convoy::kernels {

struct DropoutKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint32_t layer_ordinal = 0;
};

// dst = src / (1 - rate) where kept, else 0 (also where src is not finite).
//   src, dst [n, elems_per_image]; dst may be src
//   image_index [n]: the images' places in the data set
//   keep [n, elems_per_image]: set to 1 where kept, else 0; one byte an element
// REQUIRES: 0 <= rate < 1.
void DropoutForward(const DropoutKey& key, float rate, int n, int64_t elems_per_image,
                    const uint32_t* image_index, const float* src, float* dst, uint8_t* keep);

// d_src[i] = d_dst[i] / (1 - rate) where keep[i] is 1, else 0, for i < num_elems. d_src may be
// d_dst. REQUIRES: 0 <= rate < 1.
void DropoutBackward(float rate, int64_t num_elems, const uint8_t* keep, const float* d_dst,
                     float* d_src);

}  // namespace convoy::kernels
