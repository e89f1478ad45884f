// Where a block's input images come from: activations, or pixels as a data set stores them,
// gathered and converted on the way so that a batch need not be copied first.
#pragma once

#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"

namespace convoy::kernels {

// Exactly one of the two is set.
struct ImageSource {
  const float* floats = nullptr;  // [N, IH, IW, IC]
  // N pointers to [IH, IW, IC]; a pixel x is float(x) / 255.0f.
  const uint8_t* const* bytes = nullptr;
};

// Copies image `image` into the middle of `dst`, whose rows are `dst_row` floats apart and whose
// first row and column are pad_top and pad_left of the geometry; the border is left alone.
void CopyImage(const Conv2dGeometry& g, const ImageSource& source, int image, float* dst,
               int64_t dst_row);

// Fetches an image's bytes into the first-level cache: images of a shuffled batch lie all over the
// memory. Floats come from the operation before and are left alone.
inline void FetchImage(const Conv2dGeometry& g, const ImageSource& source, int image) {
  if (source.bytes == nullptr) return;
  constexpr int kLineBytes = 64;
  const int64_t bytes = int64_t{g.in_height} * g.in_width * g.in_channels;
  for (int64_t i = 0; i < bytes; i += kLineBytes) __builtin_prefetch(source.bytes[image] + i);
}

}  // namespace convoy::kernels
