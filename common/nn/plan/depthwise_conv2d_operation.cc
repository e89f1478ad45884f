#include "common/kernels/conv/depthwise_conv2d.h"
#include "common/kernels/elementwise/activation.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class DepthwiseConv2dOperation : public Operation {
 public:
  explicit DepthwiseConv2dOperation(const Layer& layer)
      : geometry_(Conv2dGeometryOf(layer)),
        activation_(ActivationKernel(LayerActivation(layer.kind))),
        dst_elems_(ElemsOf(layer.output)),
        weight_offset_(WeightOffset(layer)),
        bias_offset_(BiasOffset(layer)) {}

  std::string Describe() const override { return "depthwise convolution, channels side by side"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    const float* bias = bias_offset_ < 0 ? nullptr : memory.weights + bias_offset_;
    kernels::DepthwiseConv2dForward(geometry_, pass.num_images, src,
                                    memory.weights + weight_offset_, bias, dst);
    kernels::ActivationForward(activation_, dst, dst, pass.num_images * dst_elems_);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    kernels::ActivationBackward(activation_, dst, d_dst, d_dst, pass.num_images * dst_elems_);
    kernels::DepthwiseConv2dBackward(
        geometry_, pass.num_images, src, memory.weights + weight_offset_, d_dst, d_src,
        gradient + weight_offset_, bias_offset_ < 0 ? nullptr : gradient + bias_offset_);
  }

 private:
  kernels::Conv2dGeometry geometry_;
  kernels::Activation activation_;
  int64_t dst_elems_;  // of one image
  int64_t weight_offset_;
  int64_t bias_offset_;  // -1 without a bias
};

}  // namespace

absl::StatusOr<Match> MatchDepthwiseConv2d(const std::vector<Layer>& layers, size_t first) {
  return Match{.operation = std::make_unique<DepthwiseConv2dOperation>(layers[first]),
               .num_layers = 1};
}

}  // namespace convoy::nn
