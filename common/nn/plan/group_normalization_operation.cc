#include "common/kernels/elementwise/group_norm.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class GroupNormalizationOperation : public Operation {
 public:
  explicit GroupNormalizationOperation(const Layer& layer)
      : geometry_(GroupNormGeometryOf(layer)),
        gamma_offset_(layer.parameters[0].offset),
        beta_offset_(layer.parameters[1].offset) {}

  std::string Describe() const override { return "group normalization, an image at a time"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    kernels::GroupNormForward(geometry_, pass.num_images, src, memory.weights + gamma_offset_,
                              memory.weights + beta_offset_, dst);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    kernels::GroupNormBackward(geometry_, pass.num_images, src, memory.weights + gamma_offset_,
                               d_dst, d_src, gradient + gamma_offset_, gradient + beta_offset_);
  }

 private:
  kernels::GroupNormGeometry geometry_;
  int64_t gamma_offset_;
  int64_t beta_offset_;
};

}  // namespace

absl::StatusOr<Match> MatchGroupNormalization(const std::vector<Layer>& layers, size_t first) {
  return Match{.operation = std::make_unique<GroupNormalizationOperation>(layers[first]),
               .num_layers = 1};
}

}  // namespace convoy::nn
