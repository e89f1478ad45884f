// The parts of a Winograd convolution with 3x3 kernels and stride 1 (winograd-inl.h has the
// mathematics): outputs are cut into square tiles of m x m, each computed from (m + 2)^2 inputs. In
// the transform domain a convolution is one matrix product for each of a tile's (m + 2)^2 elements,
//   products[element][tile, OC] = inputs[element][tile, IC] * weights[element][IC, OC].
// Used by the blocks of block.h, which own the memory.
#pragma once

#include <cstdint>

#include "common/kernels/simd/channel_padding.h"

namespace convoy::kernels {

// One image's outputs [tiles_h * tile, tiles_w * tile, OC], of which the user may need fewer.
struct WinogradShape {
  int tile = 5;  // m: 4 or 5
  int tiles_h = 0;
  int tiles_w = 0;
  int in_channels = 0;
  int out_channels = 0;

  int tiles() const { return tiles_h * tiles_w; }
  int elements() const { return (tile + 2) * (tile + 2); }
  // Rows and columns of input that the tiles read.
  int in_height() const { return tiles_h * tile + 2; }
  int in_width() const { return tiles_w * tile + 2; }
  // Floats from one element to the next for `images` images: an odd number of cache lines, so that
  // the elements of a tile do not fall into one set of the cache.
  int64_t InputPlane(int images) const {
    return int64_t{images} * tiles() * PadChannels(in_channels) + kChannelPadding;
  }
  int64_t ProductPlane(int images) const {
    return int64_t{images} * tiles() * PadChannels(out_channels) + kChannelPadding;
  }
  int64_t WeightPlane() const {
    return int64_t{in_channels} * PadChannels(out_channels) + kChannelPadding;
  }
  int64_t WeightFloats() const { return elements() * WeightPlane(); }
};

// Returns the tile size and counts that need the fewest products for out_height x out_width
// outputs.
WinogradShape ChooseWinogradShape(int out_height, int out_width, int in_channels, int out_channels);

// transformed[element, IC, OC padded] from weight[3, 3, IC, OC].
void WinogradWeights(const WinogradShape& shape, const float* weight, float* transformed);

// inputs[element][tile, IC padded] of image `image` of a group of `images`, from `src`, whose
// pixels are IC floats and whose rows are `src_row` floats apart. Reads up to kChannelPadding - 1
// floats beyond the last pixel if IC is no multiple of kChannelPadding.
void WinogradInputs(const WinogradShape& shape, int images, int image, const float* src,
                    int64_t src_row, float* inputs);

// products = inputs * weights for a group of `images`.
void WinogradProducts(const WinogradShape& shape, int images, const float* inputs,
                      const float* weights, float* products);

// The outputs of an image whose inputs are all zero: exactly the bias, which transforms and
// products would only approximate. A ReLU must not take the rounding for a signal: with biases that
// are still zero, all of an image's background is such.
struct ZeroPatches {
  const int32_t* outputs = nullptr;  // [count]: row * tiles_w * tile + column, ascending
  int count = 0;
};

// Bytes of memory that FindZeroPatches needs.
int64_t ZeroPatchesBytes(const WinogradShape& shape);

// Finds the zero patches of the image that WinogradInputs would be given. The result lies in
// `memory`, aligned to 4 bytes.
ZeroPatches FindZeroPatches(const WinogradShape& shape, const float* src, int64_t src_row,
                            void* memory);

// What an image's products become: bias, then ReLU, then (pooled) the maximum of 2x2 windows.
struct WinogradOutput {
  bool relu = true;
  int height = 0;  // of `dst`
  int width = 0;
  bool pooled = false;
  const float* bias = nullptr;  // [OC padded]; null: none
  ZeroPatches zeros;
  float* dst = nullptr;      // [height, width, OC]
  uint8_t* codes = nullptr;  // [height, width, OC padded] (argmax_codes.h), or null; only if pooled
};

// Floats of scratch that WinogradOutputs needs.
int64_t WinogradScratchFloats(const WinogradShape& shape);

// The outputs of image `image` of a group of `images`.
void WinogradOutputs(const WinogradShape& shape, int images, int image, const float* products,
                     const WinogradOutput& output, float* scratch);

}  // namespace convoy::kernels
