// The fused operation for Conv2D + ReLU, with the MaxPooling2D behind it where there is one.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/kernels/conv/conv_block.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

using kernels::ConvBlock;
using kernels::ConvBlockActivations;
using kernels::ConvBlockGeometry;

class ConvBlockOperation : public Operation {
 public:
  ConvBlockOperation(std::unique_ptr<ConvBlock> block, const Layer& conv, bool is_first,
                     std::vector<std::string> declined)
      : block_(std::move(block)),
        weight_offset_(WeightOffset(conv)),
        bias_offset_(BiasOffset(conv)),
        is_first_(is_first),
        declined_(std::move(declined)) {}

  std::string Describe() const override {
    if (declined_.empty()) return block_->Describe();
    return absl::StrCat(block_->Describe(), "; declined: ", absl::StrJoin(declined_, "; "));
  }

  int64_t PreparedFloats() const override { return block_->prepared_floats(); }

  void Prepare(const float* weights, float* prepared) const override {
    const float* bias = bias_offset_ < 0 ? nullptr : weights + bias_offset_;
    block_->Prepare(weights + weight_offset_, bias, prepared);
  }

  int64_t SavedBytes(int max_images) const override { return max_images * block_->mask_bytes(); }
  int64_t ScratchBytes(int max_images) const override { return block_->workspace_bytes(); }
  bool takes_pixels() const override { return is_first_; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    block_->Forward(pass.num_images, Activations(pass, src, dst, Masks(memory)), memory.prepared,
                    memory.scratch);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    block_->Forward(pass.num_images, Activations(pass, src, dst, nullptr), memory.prepared,
                    memory.scratch);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    // The backward pass reads its output but does not change it.
    const ConvBlockActivations activations =
        Activations(pass, src, const_cast<float*>(dst), Masks(memory));
    block_->Backward(pass.num_images, activations, memory.prepared,
                     {.d_dst = d_dst,
                      .d_src = d_src,
                      .d_weight = gradient + weight_offset_,
                      .d_bias = bias_offset_ < 0 ? nullptr : gradient + bias_offset_},
                     memory.scratch);
  }

 private:
  ConvBlockActivations Activations(const Pass& pass, const float* src, float* dst,
                                   uint8_t* masks) const {
    ConvBlockActivations activations{.dst = dst, .masks = masks};
    if (is_first_) {
      activations.src.bytes = pass.pixels;
    } else {
      activations.src.floats = src;
    }
    return activations;
  }

  static uint8_t* Masks(const OperationMemory& memory) {
    return reinterpret_cast<uint8_t*>(memory.saved);
  }

  std::unique_ptr<ConvBlock> block_;
  int64_t weight_offset_;
  int64_t bias_offset_;  // -1 without a bias
  bool is_first_;        // takes pixels
  std::vector<std::string> declined_;
};

}  // namespace

absl::StatusOr<Match> MatchConvBlock(const std::vector<Layer>& layers, size_t first) {
  const Layer& conv = layers[first];
  if (!std::holds_alternative<Conv2dSpec>(conv.kind)) return DeclineKind(conv, "Conv2D");
  const ActivationFunction activation = LayerActivation(conv.kind);
  if (activation != ActivationFunction::kRelu) {
    return absl::UnimplementedError(
        absl::StrCat("its activation is ", std::string(ActivationName(activation)), ", not relu"));
  }
  ConvBlockGeometry geometry{.conv = Conv2dGeometryOf(conv), .needs_d_src = first > 0};
  geometry.pooled =
      first + 1 < layers.size() && std::holds_alternative<MaxPooling2dSpec>(layers[first + 1].kind);
  if (geometry.pooled) geometry.pool = Pool2dGeometryOf(layers[first + 1]);
  std::vector<std::string> declined;
  std::unique_ptr<ConvBlock> block = kernels::CreateConvBlock(geometry, &declined);
  return Match{.operation = std::make_unique<ConvBlockOperation>(std::move(block), conv, first == 0,
                                                                 std::move(declined)),
               .num_layers = geometry.pooled ? 2 : 1};
}

}  // namespace convoy::nn
