// A block of a network, convolution + bias (+ ReLU (+ 2x2 max-pool)), as one operation. A block is
// made of two parts that are chosen once, by its sizes alone: a way to compute the forward pass
// and one for the backward pass. fused_block.h and im2col_block.h put them together.
//
// What a block computes for an image depends neither on the batch's size nor on the image's place
// in it.
//
// Letters: N images, IH IW IC height, width and channels of the input, OH OW OC of the block's
// output (pooled if there is a pool), KH KW of the window. Images are NHWC, weights HWIO.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/conv/image_source.h"
#include "common/kernels/pooling/pool2d_geometry.h"
#include "common/kernels/simd/channel_padding.h"

namespace convoy::kernels {

struct ConvBlockGeometry {
  Conv2dGeometry conv;
  bool relu = true;
  bool pooled = false;
  // If pooled: of conv's output. Its out_height and out_width may be smaller than what fits: then
  // only the outputs that are asked for are computed. So may conv's.
  Pool2dGeometry pool;
  // False for a network's first layer: Backward is never asked for d_src.
  bool needs_d_src = true;

  int out_height() const { return pooled ? pool.out_height : conv.out_height; }
  int out_width() const { return pooled ? pool.out_width : conv.out_width; }
  int64_t in_floats() const { return int64_t{conv.in_height} * conv.in_width * conv.in_channels; }
  int64_t out_floats() const { return int64_t{out_height()} * out_width() * conv.out_channels; }
  int64_t weight_floats() const {
    return int64_t{conv.kernel_height} * conv.kernel_width * conv.in_channels * conv.out_channels;
  }
  // Bytes of an image's codes: none without a pool.
  int64_t code_bytes() const {
    return pooled ? int64_t{out_height()} * out_width() * PadChannels(conv.out_channels) : 0;
  }
};

// What the forward pass of a training step hands to the backward pass, and both get.
struct ConvBlockActivations {
  ImageSource src;       // N images
  float* dst = nullptr;  // [N, OH, OW, OC]
  // Of a pooled block (argmax_codes.h): [N, OH, OW, OC padded], written by Forward; null: no
  // backward pass follows.
  uint8_t* codes = nullptr;
};

struct ConvBlockGradients {
  const float* d_dst = nullptr;  // [N, OH, OW, OC]
  float* d_src = nullptr;        // [N, IH, IW, IC], overwritten; null: not computed
  float* d_weight = nullptr;     // [KH, KW, IC, OC], overwritten: the sum over the images, in order
  float* d_bias = nullptr;       // [OC], likewise; may be null
};

// Images [first, first + count) of a batch.
struct ImageGroup {
  int first = 0;
  int count = 0;
};

// A way to compute the forward pass. Immutable and thread-safe, given a workspace for each thread.
// A batch is Start, then Run for its images in order, in groups of up to group().
class ConvForward {
 public:
  virtual ~ConvForward() = default;

  virtual std::string Describe() const = 0;  // "winograd 4x4"
  virtual int64_t prepared_floats() const = 0;
  virtual int64_t workspace_bytes() const = 0;  // of one thread
  virtual int group() const = 0;

  // Arranges weight[KH, KW, IC, OC] as Run reads it.
  virtual void Prepare(const float* weight, float* prepared) const = 0;

  virtual void Start(void* workspace) const = 0;
  // `bias` is [OC padded].
  virtual void Run(ImageGroup images, const ConvBlockActivations& activations,
                   const float* prepared, const float* bias, void* workspace) const = 0;
};

// A way to compute the backward pass. Immutable and thread-safe, given a workspace for each thread,
// where the sums over a batch are kept. A batch is Start, then AddImages for its images in order,
// in groups of up to group(), then Finish.
class ConvBackward {
 public:
  virtual ~ConvBackward() = default;

  virtual std::string Describe() const = 0;  // "sparse backward"
  virtual int64_t prepared_floats() const = 0;
  virtual int64_t workspace_bytes() const = 0;  // of one thread
  virtual int group() const = 0;

  // Arranges weight[KH, KW, IC, OC] as AddImages reads it.
  virtual void Prepare(const float* weight, float* prepared) const = 0;

  // Sets the sums to 0.
  virtual void Start(void* workspace) const = 0;
  // Adds the images' part of d_weight and d_bias to the sums; writes their d_src unless it is null.
  virtual void AddImages(ImageGroup images, const ConvBlockActivations& activations,
                         const float* prepared, const ConvBlockGradients& gradients,
                         void* workspace) const = 0;
  // Writes d_weight, and d_bias unless it is null, from the sums.
  virtual void Finish(const ConvBlockGradients& gradients, void* workspace) const = 0;
};

// Immutable and thread-safe, given a workspace for each thread. Nothing is allocated after the
// construction. All memory is the caller's, aligned to 64 bytes. The instruction set (isa.h) must
// be the same for construction and use.
class ConvBlock {
 public:
  // `declined` says of each faster way to compute a pass why it was not taken: "NAME: REASON".
  ConvBlock(const ConvBlockGeometry& geometry, std::unique_ptr<ConvForward> forward,
            std::unique_ptr<ConvBackward> backward, std::vector<std::string> declined = {});

  // Returns the ways to compute the two passes: "winograd 5x5, sparse backward".
  std::string Describe() const;
  const std::vector<std::string>& declined() const { return declined_; }

  int64_t prepared_floats() const;
  int64_t code_bytes() const { return geometry_.code_bytes(); }  // of one image
  int64_t workspace_bytes() const;                               // of one thread

  // Brings weight[KH, KW, IC, OC] and bias[OC] (may be null: 0) into the forms that the passes
  // read, once after each change of the weights; all threads then share `prepared`.
  void Prepare(const float* weight, const float* bias, float* prepared) const;

  void Forward(int n, const ConvBlockActivations& activations, const float* prepared,
               void* workspace) const;

  // REQUIRES: Forward wrote activations.dst and codes for the same images and weights.
  void Backward(int n, const ConvBlockActivations& activations, const float* prepared,
                const ConvBlockGradients& gradients, void* workspace) const;

 private:
  // Fetches the group of images behind `images` into the cache.
  void FetchNext(ImageGroup images, int n, int group, const ImageSource& source) const;
  int64_t backward_offset() const;  // of the backward pass's part of `prepared`

  ConvBlockGeometry geometry_;
  std::unique_ptr<ConvForward> forward_;
  std::unique_ptr<ConvBackward> backward_;
  std::vector<std::string> declined_;
};

}  // namespace convoy::kernels
