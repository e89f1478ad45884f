#include "common/kernels/elementwise/activation.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class ActivationOperation : public Operation {
 public:
  explicit ActivationOperation(const Layer& layer)
      : activation_(ActivationKernel(LayerActivation(layer.kind))),
        alpha_(ActivationAlpha(layer.kind)),
        elems_(ElemsOf(layer.output)) {}

  std::string Describe() const override { return "activation, elementwise"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    kernels::ActivationForward(activation_, src, dst, pass.num_images * elems_, alpha_);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (d_src == nullptr) return;
    kernels::ActivationBackward(activation_, dst, d_dst, d_src, pass.num_images * elems_, alpha_);
  }

 private:
  kernels::Activation activation_;
  float alpha_;
  int64_t elems_;
};

}  // namespace

absl::StatusOr<Match> MatchActivation(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  const auto& spec = std::get<ActivationSpec>(layer.kind);
  const bool nothing_to_do = ActivationKernel(spec.function) == kernels::Activation::kLinear;
  if (nothing_to_do) return Match{.operation = nullptr, .num_layers = 1};
  return Match{.operation = std::make_unique<ActivationOperation>(layer), .num_layers = 1};
}

}  // namespace convoy::nn
