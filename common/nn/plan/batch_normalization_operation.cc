// Batch normalization. In training the statistics are those of the pass, a micro-batch: which
// images share one is fixed by the recipe, so the result does not depend on who computes it. The
// pass leaves its statistics, times its images, where the gradients of the moving ones would be:
// summed like gradients, they are the batch's count-weighted statistics, by which whoever owns the
// moving ones moves them (Parameter::moving_momentum).
#include <cmath>

#include "common/kernels/elementwise/batch_norm.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class BatchNormalizationOperation : public Operation {
 public:
  explicit BatchNormalizationOperation(const Layer& layer)
      : channels_(layer.output.back()),
        rows_(ElemsOf(layer.output) / channels_),
        epsilon_(std::get<BatchNormalizationSpec>(layer.kind).epsilon),
        gamma_(layer.parameters.at(0).offset),
        beta_(layer.parameters.at(1).offset),
        moving_mean_(layer.parameters.at(2).offset),
        moving_variance_(layer.parameters.at(3).offset) {}

  std::string Describe() const override { return "normalization by the micro-batch's statistics"; }

  // What inference multiplies by, and what it adds.
  int64_t PreparedFloats() const override { return 2 * channels_; }
  void Prepare(const float* weights, float* prepared) const override {
    for (int64_t c = 0; c < channels_; ++c) {
      const double spread =
          static_cast<double>(weights[moving_variance_ + c]) + static_cast<double>(epsilon_);
      const double scale = static_cast<double>(weights[gamma_ + c]) / std::sqrt(spread);
      prepared[c] = static_cast<float>(scale);
      prepared[channels_ + c] =
          static_cast<float>(static_cast<double>(weights[beta_ + c]) -
                             static_cast<double>(weights[moving_mean_ + c]) * scale);
    }
  }

  // Mean, variance and inverse of the columns.
  int64_t SavedBytes(int max_images) const override {
    return 3 * channels_ * static_cast<int64_t>(sizeof(float));
  }
  int64_t ScratchBytes(int max_images) const override {
    return 2 * channels_ * static_cast<int64_t>(sizeof(double));
  }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    kernels::BatchNormForward(pass.num_images * rows_, channels_, epsilon_, src, Columns(memory),
                              dst, Sums(memory));
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    kernels::ScaleAndShift(pass.num_images * rows_, channels_, src, memory.prepared,
                           memory.prepared + channels_, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    const kernels::BatchNormColumns columns = Columns(memory);
    kernels::BatchNormBackward(pass.num_images * rows_, channels_, src, columns, d_dst, d_src,
                               gradient + gamma_, gradient + beta_, Sums(memory));
    const auto images = static_cast<float>(pass.num_images);
    for (int64_t c = 0; c < channels_; ++c) {
      gradient[moving_mean_ + c] = images * columns.mean[c];
      gradient[moving_variance_ + c] = images * columns.variance[c];
    }
  }

 private:
  kernels::BatchNormColumns Columns(const OperationMemory& memory) const {
    auto* saved = reinterpret_cast<float*>(memory.saved);
    return {.gamma = memory.weights + gamma_,
            .beta = memory.weights + beta_,
            .mean = saved,
            .variance = saved + channels_,
            .inverse = saved + 2 * channels_};
  }
  static double* Sums(const OperationMemory& memory) {
    return reinterpret_cast<double*>(memory.scratch);
  }

  int64_t channels_;
  int64_t rows_;  // of an image
  float epsilon_;
  int64_t gamma_;  // where they stand among the network's parameters
  int64_t beta_;
  int64_t moving_mean_;
  int64_t moving_variance_;
};

}  // namespace

absl::StatusOr<Match> MatchBatchNormalization(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  return Match{.operation = std::make_unique<BatchNormalizationOperation>(layer), .num_layers = 1};
}

}  // namespace convoy::nn
