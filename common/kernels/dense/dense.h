// Dense layers without OpenBLAS, for few images: nothing is packed, zeros are skipped where there
// are enough of them (behind dropout and ReLU about one gradient in five is not 0), and every
// result is one chain of multiply-adds in rising order, so that its bits do not depend on the
// number of images.
//
//   n images, in input elements, out output elements
//   src, d_src [n, in]; weight, d_weight [in, out] (Keras's layout); bias, d_bias [out];
//   dst, d_dst [n, out]
//
// Thread-safe, given memory for each thread; nothing is allocated. A skipped product is one with 0,
// which would not have changed a sum: only with infinite operands or NaN does it show.
#pragma once

#include <cstdint>

#include "common/kernels/simd/channel_padding.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {

// dst = src weight + bias; `bias` may be null. An image's result is the same in any batch.
void DenseForwardInCache(int n, int in, int out, const float* src, const float* weight,
                         const float* bias, float* dst);

// Floats of DenseTransposed, and weight[in, out] as DenseSrcGradient reads it: once for each new
// set of weights. transposed[block of kTransposedRow inputs][out][kTransposedRow]: a block lies in
// few pages and in the first-level cache. What is beyond the inputs stays as it is, and is not
// used.
inline constexpr int kTransposedRow = 64;
int64_t DenseTransposedFloats(int in, int out);
void DenseTransposed(int in, int out, const float* weight, float* transposed);

// Elements from one output's list of images to the next: a whole vector is stored beyond the last.
constexpr int64_t DenseListRow(int n) { return n + kChannelPadding; }

// Memory of one thread for the functions below.
struct DenseGradientBuffers {
  int32_t* sizes;    // [max(n, out)]: of the lists, one an image or one an output
  int32_t* indices;  // [n, out] or [out, DenseListRow(n)]: of the elements that are not 0
  float* values;     // likewise
  float* tile;       // gradients of a part of the weights, transposed
};
DenseGradientBuffers CarveDenseGradients(int max_images, int out, WorkspaceCarver& carver);

// d_src = d_dst weight^T, from what DenseTransposed made of the weights.
void DenseSrcGradient(int n, int in, int out, const float* d_dst, const float* transposed,
                      float* d_src, const DenseGradientBuffers& buffers);

// d_dst[n, out] as DenseWeightGradient reads it: where there are enough zeros, lists of the others.
struct DenseGradientLists {
  int n;
  int out;
  const float* d_dst;
  bool sparse;
  DenseGradientBuffers buffers;
};

// Returns the lists of d_dst, made once for all parts of the inputs. They lie in `buffers`.
DenseGradientLists ListDenseGradients(int n, int out, const float* d_dst,
                                      const DenseGradientBuffers& buffers);

// d_weight = src^T d_dst for a part of the inputs: src points to the first of them and its rows are
// `src_row` floats apart; d_weight[in, out] is overwritten. Each sum runs over the images in order.
// The part is whatever share of a layer's inputs one owner has: parts do not change the bits.
void DenseWeightGradient(const DenseGradientLists& lists, int in, const float* src, int64_t src_row,
                         float* d_weight);

// Whether the zeros of d_dst[n, out] are skipped: a function of their number alone.
// In d_src: fewer than half are not 0. In d_weight: at least 16 images' worth of products is saved,
// which pays for transposing the result.
bool DenseSrcGradientIsSparse(int n, int out, int64_t nonzeros);
bool DenseWeightGradientIsSparse(int n, int out, int64_t nonzeros);

}  // namespace convoy::kernels
