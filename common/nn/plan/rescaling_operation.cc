#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

// One number a channel, whether the layer has one for all or one each.
std::vector<float> PerChannel(const std::vector<float>& values, int64_t channels) {
  return values.size() == 1 ? std::vector<float>(static_cast<size_t>(channels), values[0]) : values;
}

class RescalingOperation : public Operation {
 public:
  explicit RescalingOperation(const Layer& layer)
      : scale_(PerChannel(std::get<RescalingSpec>(layer.kind).scale, layer.input.back())),
        offset_(PerChannel(std::get<RescalingSpec>(layer.kind).offset, layer.input.back())),
        rows_(ElemsOf(layer.input) / layer.input.back()) {}

  std::string Describe() const override { return "scale and offset of each channel"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    for (int64_t row = 0; row < pass.num_images * rows_; ++row) {
      for (size_t c = 0; c < scale_.size(); ++c) *dst++ = *src++ * scale_[c] + offset_[c];
    }
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (d_src == nullptr) return;
    for (int64_t row = 0; row < pass.num_images * rows_; ++row) {
      for (size_t c = 0; c < scale_.size(); ++c) *d_src++ = *d_dst++ * scale_[c];
    }
  }

 private:
  std::vector<float> scale_;   // [channels]
  std::vector<float> offset_;  // [channels]
  int64_t rows_;               // of one image
};

}  // namespace

absl::StatusOr<Match> MatchRescaling(const std::vector<Layer>& layers, size_t first) {
  return Match{.operation = std::make_unique<RescalingOperation>(layers[first]), .num_layers = 1};
}

}  // namespace convoy::nn
