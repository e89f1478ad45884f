#include <algorithm>

#include "common/kernels/activation.h"
#include "common/kernels/dense.h"
#include "common/kernels/gemm.h"
#include "common/kernels/vector_ops.h"
#include "common/nn/geometry.h"
#include "common/nn/layer_operations.h"

namespace convoy::nn {
namespace {

class DenseOperation : public Operation {
 public:
  explicit DenseOperation(const Layer& layer)
      : inputs_(static_cast<int>(layer.input[0])),
        units_(static_cast<int>(layer.output[0])),
        activation_(ActivationKernel(LayerActivation(layer.kind))),
        kernel_offset_(KernelOffset(layer)),
        bias_offset_(BiasOffset(layer)) {}

  std::string Describe() const override { return "gemm"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    const float* bias = bias_offset_ < 0 ? nullptr : memory.weights + bias_offset_;
    kernels::DenseForward(pass.num_images, inputs_, units_, src, memory.weights + kernel_offset_,
                          bias, dst);
    kernels::ActivationForward(activation_, dst, dst, int64_t{pass.num_images} * units_);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    // One image a product: OpenBLAS's rounding depends on the number of rows.
    const Pass one_image{.num_images = 1};
    for (int image = 0; image < pass.num_images; ++image, src += inputs_, dst += units_) {
      Forward(one_image, memory, src, dst);
    }
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    kernels::ActivationBackward(activation_, dst, d_dst, d_dst, int64_t{pass.num_images} * units_);
    float* d_bias = bias_offset_ < 0 ? nullptr : gradient + bias_offset_;
    kernels::DenseBackward(pass.num_images, inputs_, units_, src, memory.weights + kernel_offset_,
                           d_dst, d_src, gradient + kernel_offset_, d_bias);
  }

  std::optional<FactoredKernel> factored_kernel() const override {
    return FactoredKernel{.kernel_offset = kernel_offset_, .inputs = inputs_, .units = units_};
  }

  void BackwardToFactors(const Pass& pass, const OperationMemory& memory, const float* src,
                         const float* dst, float* d_dst, float* d_src, float* gradient,
                         const FactorRows& rows) const override {
    const int n = pass.num_images;
    kernels::ActivationBackward(activation_, dst, d_dst, rows.d_dst, int64_t{n} * units_);
    std::copy(src, src + int64_t{n} * inputs_, rows.src);
    if (bias_offset_ >= 0) kernels::ColumnSums(n, units_, rows.d_dst, gradient + bias_offset_);
    if (d_src == nullptr) return;
    kernels::Gemm(kernels::Transpose::kNo, kernels::Transpose::kYes, n, inputs_, units_, rows.d_dst,
                  units_, memory.weights + kernel_offset_, units_, 0.0f, d_src, inputs_);
  }

 private:
  int inputs_;
  int units_;
  kernels::Activation activation_;
  int64_t kernel_offset_;
  int64_t bias_offset_;  // -1 without a bias
};

}  // namespace

absl::StatusOr<Match> MatchDense(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  if (!std::holds_alternative<DenseSpec>(layer.kind)) return DeclineKind(layer, "Dense");
  return Match{.operation = std::make_unique<DenseOperation>(layer), .num_layers = 1};
}

}  // namespace convoy::nn
