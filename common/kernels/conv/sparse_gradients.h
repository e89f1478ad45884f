// The backward pass of conv -> ReLU -> 2x2 max-pool, which is sparse: of the four convolution
// outputs of a window only the maximum has a gradient, and none has where ReLU let nothing through.
// Each pooled output that is alive is an item (position in the image, output channel, gradient g):
//   d_weight[.., channel] += g * patch(position)        over a list of positions for each channel,
//   d_src[patch(position)] += g * weight[.., channel]   over a list of channels for each position.
// Images and patches are NHWC, so a patch is kernel_height runs of kernel_width * IC floats.
#pragma once

#include <cstdint>
#include <vector>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/pooling/argmax_codes.h"
#include "common/kernels/simd/channel_padding.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {

// What the kernels need to know of a block. Made once; read by all threads.
struct SparseGradientShape {
  Conv2dGeometry conv;  // its input is the padded image: pad_top and pad_left are 0
  int pooled_height = 0;
  int pooled_width = 0;
  int group = 1;                 // images whose items are listed together
  std::vector<int32_t> offsets;  // floats from the group's start to the patch of
                                 // [image, window, code]

  int windows() const { return pooled_height * pooled_width; }
  // Words of a bit for each output channel.
  int words() const { return (conv.out_channels + 63) / 64; }
  // Elements of a channel's list; a whole vector is stored beyond the last.
  int64_t list_row() const { return PadChannels(group * windows()) + kChannelPadding; }
  int64_t image_floats() const {
    return int64_t{conv.in_height} * conv.in_width * conv.in_channels;
  }
};

// Returns the shape for a block whose padded input is conv.in_height x conv.in_width.
SparseGradientShape MakeSparseGradientShape(const Conv2dGeometry& conv, int pooled_height,
                                            int pooled_width);

// Memory of one thread.
struct SparseGradientBuffers {
  uint64_t* channels;   // [windows, 4, words] of an image: which channels have a code
  int32_t* list_sizes;  // [OC padded]
  int32_t* offsets;     // [OC padded, list row]: the patches of a channel's items
  float* gradients;     // [OC padded, list row]: their gradients
  float* d_weight;      // [OC, kernel row, floats of a row padded to vectors]
  float* d_bias;        // [OC padded]
};
SparseGradientBuffers CarveSparseGradients(const SparseGradientShape& shape,
                                           WorkspaceCarver& carver);

// Floats of the weights as SparseGradientWeights arranges them for d_src.
int64_t SparseGradientWeightFloats(const SparseGradientShape& shape);
void SparseGradientWeights(const SparseGradientShape& shape, const float* weight, float* arranged);

// Sets the sums to 0.
void SparseGradientsStart(const SparseGradientShape& shape, const SparseGradientBuffers& buffers);

// Adds up to shape.group images: src[images, padded image], codes[images, windows, OC padded],
// d_dst[images, windows, OC]; d_src (null: not computed) is overwritten with the gradient of the
// padded images. src and d_src must be readable, and d_src writable, up to kChannelPadding - 1
// floats beyond each image if IC is no multiple of kChannelPadding.
void SparseGradientsGroup(const SparseGradientShape& shape, int images, const float* src,
                          const float* arranged_weights, const uint8_t* codes, const float* d_dst,
                          float* d_src, const SparseGradientBuffers& buffers);

// d_weight[KH, KW, IC, OC] and d_bias[OC] (may be null) from the sums.
void SparseGradientsFinish(const SparseGradientShape& shape, const SparseGradientBuffers& buffers,
                           float* d_weight, float* d_bias);

}  // namespace convoy::kernels
