// Conv2D with its activation, and the MaxPooling2D behind it where a fused block takes both: a
// kernels::ConvBlock. Blocks know ReLU; any other activation is computed before or after them.
#include <utility>

#include "common/base/status.h"
#include "common/kernels/conv/fused_block.h"
#include "common/kernels/conv/im2col_block.h"
#include "common/kernels/elementwise/activation.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

using kernels::ConvBlock;
using kernels::ConvBlockActivations;
using kernels::ConvBlockGeometry;

class ConvBlockOperation : public Operation {
 public:
  ConvBlockOperation(std::unique_ptr<ConvBlock> block, const ConvBlockGeometry& geometry,
                     const Layer& conv, bool is_first)
      : block_(std::move(block)),
        activation_(ActivationKernel(LayerActivation(conv.kind))),
        relu_in_block_(geometry.relu),
        dst_elems_(geometry.out_floats()),
        weight_offset_(WeightOffset(conv)),
        bias_offset_(BiasOffset(conv)),
        is_first_(is_first) {}

  std::string Describe() const override { return block_->Describe(); }

  int64_t PreparedFloats() const override { return block_->prepared_floats(); }

  void Prepare(const float* weights, float* prepared) const override {
    const float* bias = bias_offset_ < 0 ? nullptr : weights + bias_offset_;
    block_->Prepare(weights + weight_offset_, bias, prepared);
  }

  int64_t SavedBytes(int max_images) const override { return max_images * block_->code_bytes(); }
  int64_t ScratchBytes(int max_images) const override { return block_->workspace_bytes(); }
  bool takes_pixels() const override { return is_first_; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    Run(pass, memory, Activations(pass, src, dst, Codes(memory)));
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Run(pass, memory, Activations(pass, src, dst, nullptr));
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (!relu_in_block_) {
      kernels::ActivationBackward(activation_, dst, d_dst, d_dst, pass.num_images * dst_elems_);
    }
    // The backward pass reads its output but does not change it.
    const ConvBlockActivations activations =
        Activations(pass, src, const_cast<float*>(dst), Codes(memory));
    block_->Backward(pass.num_images, activations, memory.prepared,
                     {.d_dst = d_dst,
                      .d_src = d_src,
                      .d_weight = gradient + weight_offset_,
                      .d_bias = bias_offset_ < 0 ? nullptr : gradient + bias_offset_},
                     memory.scratch);
  }

 private:
  void Run(const Pass& pass, const OperationMemory& memory,
           const ConvBlockActivations& activations) const {
    block_->Forward(pass.num_images, activations, memory.prepared, memory.scratch);
    if (relu_in_block_) return;
    kernels::ActivationForward(activation_, activations.dst, activations.dst,
                               pass.num_images * dst_elems_);
  }

  ConvBlockActivations Activations(const Pass& pass, const float* src, float* dst,
                                   uint8_t* codes) const {
    ConvBlockActivations activations{.dst = dst, .codes = codes};
    if (is_first_) {
      activations.src.bytes = pass.pixels;
    } else {
      activations.src.floats = src;
    }
    return activations;
  }

  static uint8_t* Codes(const OperationMemory& memory) {
    return reinterpret_cast<uint8_t*>(memory.saved);
  }

  std::unique_ptr<ConvBlock> block_;
  kernels::Activation activation_;
  bool relu_in_block_;
  int64_t dst_elems_;  // of one image
  int64_t weight_offset_;
  int64_t bias_offset_;  // -1 without a bias
  bool is_first_;        // takes pixels
};

ConvBlockGeometry GeometryOf(const std::vector<Layer>& layers, size_t first) {
  const Layer& conv = layers[first];
  ConvBlockGeometry geometry{.conv = Conv2dGeometryOf(conv),
                             .relu = LayerActivation(conv.kind) == ActivationFunction::kRelu,
                             .needs_d_src = first > 0};
  // A skip wants what the convolution gave, not what the pool made of it. Fused pools follow a
  // ReLU.
  geometry.pooled = geometry.relu && !conv.feeds_skip && first + 1 < layers.size() &&
                    std::holds_alternative<MaxPooling2dSpec>(layers[first + 1].kind);
  if (geometry.pooled) geometry.pool = Pool2dGeometryOf(layers[first + 1]);
  return geometry;
}

absl::StatusOr<Match> MatchBlock(const std::vector<Layer>& layers, size_t first,
                                 const ConvBlockGeometry& geometry,
                                 absl::StatusOr<std::unique_ptr<ConvBlock>> block) {
  CONVOY_RETURN_IF_ERROR(block.status());
  std::vector<std::string> declined = (*block)->declined();
  return Match{.operation = std::make_unique<ConvBlockOperation>(*std::move(block), geometry,
                                                                 layers[first], first == 0),
               .num_layers = geometry.pooled ? 2 : 1,
               .declined = std::move(declined)};
}

}  // namespace

absl::StatusOr<Match> MatchWinogradBlock(const std::vector<Layer>& layers, size_t first) {
  const ConvBlockGeometry geometry = GeometryOf(layers, first);
  return MatchBlock(layers, first, geometry, kernels::CreateWinogradBlock(geometry));
}

absl::StatusOr<Match> MatchDirectBlock(const std::vector<Layer>& layers, size_t first) {
  const ConvBlockGeometry geometry = GeometryOf(layers, first);
  return MatchBlock(layers, first, geometry, kernels::CreateDirectBlock(geometry));
}

// Leaves a pool behind it to the pool's own operation.
absl::StatusOr<Match> MatchIm2colBlock(const std::vector<Layer>& layers, size_t first) {
  ConvBlockGeometry geometry = GeometryOf(layers, first);
  geometry.pooled = false;
  return MatchBlock(layers, first, geometry, kernels::CreateIm2colBlock(geometry));
}

}  // namespace convoy::nn
