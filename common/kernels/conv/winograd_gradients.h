// The gradients of a Winograd convolution (winograd.h), by the transposes of its steps. With V the
// transformed inputs, M the products and U the transformed weights of an element,
//   dM = A dy A^T,  dU = sum over the tiles of V^T dM,  d_weight = G^T dU G.
// The gradient of the inputs is a convolution itself: of the output gradients, padded, with the
// weights flipped in both axes and input and output channels exchanged.
#pragma once

#include <cstdint>

#include "common/kernels/conv/winograd.h"

namespace convoy::kernels {

// flipped[3, 3, OC, IC] from weight[3, 3, IC, OC]: what WinogradWeights takes for d_src.
void FlipWeights(int in_channels, int out_channels, const float* weight, float* flipped);

// d_products of image `image` of a group of `images` from its output gradients: pixels of OC
// floats, rows `d_dst_row` floats apart, 0 where the tiles hang over. Reads up to kChannelPadding -
// 1 floats beyond the last pixel if OC is no multiple of kChannelPadding.
void WinogradOutputGradients(const WinogradShape& shape, int images, int image, const float* d_dst,
                             int64_t d_dst_row, float* d_products);

// d_transformed[element, IC, OC padded] += the tiles' inputs^T d_products, in order.
void WinogradWeightProducts(const WinogradShape& shape, int images, const float* inputs,
                            const float* d_products, float* d_transformed);

// d_weight[3, 3, IC, OC] from d_transformed.
void WinogradWeightGradient(const WinogradShape& shape, const float* d_transformed,
                            float* d_weight);

// Copies the gradients d_dst[OH, OW, OC] that ReLU lets through, where dst > 0, or all where dst is
// null and there is no ReLU, into `masked`, whose rows are `masked_row` floats apart, and adds them
// to d_bias[OC padded].
void MaskWithBias(int height, int width, int channels, const float* dst, const float* d_dst,
                  float* masked, int64_t masked_row, float* d_bias);

}  // namespace convoy::kernels
