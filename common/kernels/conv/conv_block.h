// A block of a network, convolution + bias + ReLU + max-pool, as one operation. There are several
// implementations, from fast to general; each says whether it takes a geometry, and why not. What
// one of them computes does not depend on the batch an image rides in: neither on its place nor on
// n.
//
// Letters: N images, IH IW IC height, width and channels of the input, OH OW OC of the block's
// output (pooled if there is a pool), KH KW of the kernel. Images are NHWC, kernels HWIO.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/kernels/conv/conv2d.h"
#include "common/kernels/conv/image_source.h"
#include "common/kernels/pooling/max_pool.h"

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
};

// What the forward pass of a training step hands to the backward pass, and both get.
struct ConvBlockActivations {
  ImageSource src;       // N images
  float* dst = nullptr;  // [N, OH, OW, OC]
  uint8_t* masks =
      nullptr;  // [N, mask_bytes()], written by Forward; null: no backward pass follows
};

struct ConvBlockGradients {
  const float* d_dst = nullptr;  // [N, OH, OW, OC]
  float* d_src = nullptr;        // [N, IH, IW, IC], overwritten; null: not computed
  float* d_weight = nullptr;     // [KH, KW, IC, OC], overwritten: the sum over the images, in order
  float* d_bias = nullptr;       // [OC], likewise; may be null
};

// Thread-safe, given a workspace for each thread. Nothing is allocated after the construction. All
// memory is the caller's, aligned to 64 bytes. The instruction set (isa.h) must be the same for
// construction and use.
class ConvBlock {
 public:
  virtual ~ConvBlock() = default;

  // Returns "winograd", "direct" or "general", and the tile or backward variant where there are
  // several.
  virtual std::string Describe() const = 0;

  virtual int64_t prepared_floats() const = 0;
  virtual int64_t mask_bytes() const = 0;       // of one image
  virtual int64_t workspace_bytes() const = 0;  // of one thread

  // Brings weight[KH, KW, IC, OC] and bias[OC] (may be null: 0) into the forms that the kernels
  // read, once after each change of the weights; all threads then share `prepared`.
  virtual void Prepare(const float* weight, const float* bias, float* prepared) const = 0;

  virtual void Forward(int n, const ConvBlockActivations& activations, const float* prepared,
                       void* workspace) const = 0;

  // REQUIRES: Forward wrote activations.dst and masks for the same images and weights.
  virtual void Backward(int n, const ConvBlockActivations& activations, const float* prepared,
                        const ConvBlockGradients& gradients, void* workspace) const = 0;
};

// One way to compute blocks.
struct ConvBlockImplementation {
  std::string_view name;
  // Returns OK, or UNIMPLEMENTED with the reason why it does not take the geometry.
  absl::Status (*supports)(const ConvBlockGeometry& geometry);
  // REQUIRES: supports(geometry) is OK.
  std::unique_ptr<ConvBlock> (*create)(const ConvBlockGeometry& geometry);
};

// All implementations, fast first; the last takes every geometry.
const std::vector<ConvBlockImplementation>& ConvBlockImplementations();

// Creates the block by the first implementation that takes the geometry. If `declined` is not null,
// each that does not adds a line "name: reason" to it.
std::unique_ptr<ConvBlock> CreateConvBlock(const ConvBlockGeometry& geometry,
                                           std::vector<std::string>* declined = nullptr);

}  // namespace convoy::kernels
