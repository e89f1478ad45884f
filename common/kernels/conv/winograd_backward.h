// The dense backward pass of convolution + bias + ReLU by Winograd's method, for a block without a
// pool (winograd_gradients.h has the steps).
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/kernels/conv/conv_block.h"
#include "common/kernels/conv/padded_images.h"
#include "common/kernels/conv/winograd.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {

// Immutable and thread-safe, given a workspace for each thread.
class WinogradBackward {
 public:
  WinogradBackward() = default;

  // REQUIRES: Supports(g, shape) is OK, no pool. `images` are the padded images that the forward
  // pass with `shape` reads.
  WinogradBackward(const ConvBlockGeometry& g, const WinogradShape& shape,
                   const PaddedImages& images);

  // Returns OK, or why it cannot be used for a block that Winograd's forward pass takes.
  static absl::Status Supports(const ConvBlockGeometry& g, const WinogradShape& shape);

  int64_t prepared_floats() const;
  int64_t workspace_bytes() const { return workspace_bytes_; }
  void Prepare(const float* weight, float* prepared) const;
  void Run(int n, const ConvBlockActivations& activations, const float* prepared,
           const ConvBlockGradients& gradients, void* workspace) const;

 private:
  struct Buffers {
    float* image;          // one padded image
    float* gradient;       // one image's output gradients with their border
    float* inputs;         // a group's inputs, transformed
    float* d_products;     // a group's output gradients, transformed for d_weight
    float* turned_inputs;  // and for d_src
    float* turned_products;
    float* scratch;
    float* d_transformed;  // sums over the micro-batch
    float* d_bias;
  };

  Buffers Carve(WorkspaceCarver& carver) const;
  int64_t gradient_row() const { return int64_t{gradient_width_} * shape_.out_channels; }
  int64_t gradient_floats() const { return gradient_height_ * gradient_row() + kChannelPadding; }
  void TransformImage(int images, int i, int image, const ConvBlockActivations& a,
                      const ConvBlockGradients& gradients, const Buffers& b) const;
  void SrcGradients(int first, int images, const float* prepared, float* d_src,
                    const Buffers& b) const;

  ConvBlockGeometry g_;
  WinogradShape shape_;
  WinogradShape turned_;  // of d_src
  PaddedImages images_;
  int group_ = 1;
  int gradient_height_ = 0;  // with the border that d_src needs
  int gradient_width_ = 0;
  int64_t gradient_start_ = 0;  // floats before the first output's
  int64_t workspace_bytes_ = 0;
};

}  // namespace convoy::kernels
