// 2-D average-pooling of any window, stride and padding. NHWC.
//
// The same input gives the same bits on every instruction set, whatever the batch. All functions
// are thread-safe; nothing is allocated.
#pragma once

#include "common/kernels/pooling/pool2d_geometry.h"

namespace convoy::kernels {

// dst[N, OH, OW, C] = means of the pixels of src[N, IH, IW, C] in each window, added row by row;
// what lies outside the image is not counted.
void AveragePoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst);

// d_src[N, IH, IW, C], overwritten, gets each d_dst[N, OH, OW, C], divided by the number of pixels
// in its window, added at each of them.
void AveragePoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, float* d_src);

}  // namespace convoy::kernels
