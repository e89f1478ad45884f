// 2-D max-pooling of any window, stride and padding. NHWC.
#pragma once

#include <cstdint>

#include "common/kernels/pooling/pool2d_geometry.h"

namespace convoy::kernels {

// dst[N, OH, OW, C] = maxima of src[N, IH, IW, C]; argmax[N, OH, OW, C], which may be null, gets
// the place ih * IW + iw of each in its image, the first of equals. Thread-safe; nothing is
// allocated.
void MaxPoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst, int32_t* argmax);

// d_src[N, IH, IW, C], overwritten, gets each d_dst[N, OH, OW, C] added at its argmax.
void MaxPoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, const int32_t* argmax,
                     float* d_src);

}  // namespace convoy::kernels
