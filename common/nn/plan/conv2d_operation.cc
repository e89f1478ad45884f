#include "common/kernels/conv/conv2d.h"
#include "common/kernels/elementwise/activation.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

using kernels::Conv2dGeometry;

class Conv2dOperation : public Operation {
 public:
  Conv2dOperation(const Conv2dGeometry& geometry, kernels::Activation activation,
                  int64_t weight_offset, int64_t bias_offset)
      : geometry_(geometry),
        activation_(activation),
        weight_offset_(weight_offset),
        bias_offset_(bias_offset),
        dst_elems_(int64_t{geometry.out_height} * geometry.out_width * geometry.out_channels) {}

  std::string Describe() const override { return "im2col + gemm"; }

  int64_t ScratchBytes(int max_images) const override {
    return kernels::Conv2dWorkspaceFloats(geometry_) * static_cast<int64_t>(sizeof(float));
  }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    kernels::Conv2dForward(geometry_, pass.num_images, src, memory.weights + weight_offset_,
                           Bias(memory.weights), dst, Workspace(memory));
    kernels::ActivationForward(activation_, dst, dst, pass.num_images * dst_elems_);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    kernels::ActivationBackward(activation_, dst, d_dst, d_dst, pass.num_images * dst_elems_);
    float* d_bias = bias_offset_ < 0 ? nullptr : gradient + bias_offset_;
    kernels::Conv2dBackward(geometry_, pass.num_images, src, memory.weights + weight_offset_, d_dst,
                            d_src, gradient + weight_offset_, d_bias, Workspace(memory));
  }

 private:
  const float* Bias(const float* weights) const {
    return bias_offset_ < 0 ? nullptr : weights + bias_offset_;
  }
  static float* Workspace(const OperationMemory& memory) {
    return reinterpret_cast<float*>(memory.scratch);
  }

  Conv2dGeometry geometry_;
  kernels::Activation activation_;
  int64_t weight_offset_;
  int64_t bias_offset_;  // -1 without a bias
  int64_t dst_elems_;
};

}  // namespace

absl::StatusOr<Match> MatchConv2d(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  if (!std::holds_alternative<Conv2dSpec>(layer.kind)) return DeclineKind(layer, "Conv2D");
  return Match{.operation = std::make_unique<Conv2dOperation>(
                   Conv2dGeometryOf(layer), ActivationKernel(LayerActivation(layer.kind)),
                   WeightOffset(layer), BiasOffset(layer)),
               .num_layers = 1};
}

}  // namespace convoy::nn
