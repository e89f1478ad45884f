// The dense (fully connected) layer: dst = src weight + bias.
//
// By OpenBLAS, so the same bits need the same n, in and out (gemm.h). Thread-safe; no allocation.
//   n images, in input elements, out output elements
//   src, d_src [n, in]; weight, d_weight [in, out] (Keras's layout); bias, d_bias [out];
//   dst, d_dst [n, out]
#pragma once

namespace convoy::kernels {

// `bias` may be null: none is added.
void DenseForward(int n, int in, int out, const float* src, const float* weight, const float* bias,
                  float* dst);

// Writes (does not add to) the gradients, summed over the images. d_src and d_bias may be null:
// they are not computed.
void DenseBackward(int n, int in, int out, const float* src, const float* weight,
                   const float* d_dst, float* d_src, float* d_weight, float* d_bias);

}  // namespace convoy::kernels
