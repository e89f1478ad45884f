#include <algorithm>

#include "common/kernels/dense/dense.h"
#include "common/kernels/elementwise/activation.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class DenseOperation : public Operation {
 public:
  explicit DenseOperation(const Layer& layer)
      : inputs_(static_cast<int>(layer.input[0])),
        units_(static_cast<int>(layer.output[0])),
        activation_(ActivationKernel(LayerActivation(layer.kind))),
        weight_offset_(WeightOffset(layer)),
        bias_offset_(BiasOffset(layer)) {}

  std::string Describe() const override { return "dense in cache, zeros skipped"; }

  int64_t PreparedFloats() const override {
    return kernels::DenseTransposedFloats(inputs_, units_);
  }
  void Prepare(const float* weights, float* prepared) const override {
    kernels::DenseTransposed(inputs_, units_, weights + weight_offset_, prepared);
  }

  int64_t ScratchBytes(int max_images) const override {
    kernels::WorkspaceCarver measure(nullptr);
    kernels::CarveDenseGradients(max_images, units_, measure);
    return measure.bytes();
  }

  // An image's result does not depend on the batch, so training and prediction are the same.
  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    const float* bias = bias_offset_ < 0 ? nullptr : memory.weights + bias_offset_;
    kernels::DenseForwardInCache(pass.num_images, inputs_, units_, src,
                                 memory.weights + weight_offset_, bias, dst);
    kernels::ActivationForward(activation_, dst, dst, int64_t{pass.num_images} * units_);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    const int n = pass.num_images;
    const kernels::DenseGradientBuffers buffers = Buffers(n, memory);
    kernels::ActivationBackward(activation_, dst, d_dst, d_dst, int64_t{n} * units_);
    BackwardFromOutput(n, memory, d_dst, d_src, gradient, buffers);
    kernels::DenseWeightGradient(kernels::ListDenseGradients(n, units_, d_dst, buffers), inputs_,
                                 src, inputs_, gradient + weight_offset_);
  }

  std::optional<OuterProductGradient> outer_product_gradient() const override {
    return OuterProductGradient{
        .weight_offset = weight_offset_, .inputs = inputs_, .units = units_};
  }

  void BackwardToFactors(const Pass& pass, const OperationMemory& memory, const float* src,
                         const float* dst, float* d_dst, float* d_src, float* gradient,
                         const SufficientFactors& factors) const override {
    const int n = pass.num_images;
    kernels::ActivationBackward(activation_, dst, d_dst, factors.d_dst, int64_t{n} * units_);
    std::copy(src, src + int64_t{n} * inputs_, factors.src);
    BackwardFromOutput(n, memory, factors.d_dst, d_src, gradient, Buffers(n, memory));
  }

 private:
  kernels::DenseGradientBuffers Buffers(int n, const OperationMemory& memory) const {
    kernels::WorkspaceCarver carver(memory.scratch);
    return kernels::CarveDenseGradients(n, units_, carver);
  }

  // The gradients of the bias and of the source.
  void BackwardFromOutput(int n, const OperationMemory& memory, const float* d_dst, float* d_src,
                          float* gradient, const kernels::DenseGradientBuffers& buffers) const {
    if (bias_offset_ >= 0) kernels::ColumnSums(n, units_, d_dst, gradient + bias_offset_);
    if (d_src == nullptr) return;
    kernels::DenseSrcGradient(n, inputs_, units_, d_dst, memory.prepared, d_src, buffers);
  }

  int inputs_;
  int units_;
  kernels::Activation activation_;
  int64_t weight_offset_;
  int64_t bias_offset_;  // -1 without a bias
};

}  // namespace

absl::StatusOr<Match> MatchDense(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  return Match{.operation = std::make_unique<DenseOperation>(layer), .num_layers = 1};
}

}  // namespace convoy::nn
