#include <cstring>

#include "common/kernels/elementwise/dropout.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class DropoutOperation : public Operation {
 public:
  explicit DropoutOperation(const Layer& layer)
      : rate_(std::get<DropoutSpec>(layer.kind).rate),
        ordinal_(static_cast<uint32_t>(layer.ordinal)),
        elems_(ElemsOf(layer.output)) {}

  std::string Describe() const override { return "dropout by a Philox mask"; }

  int64_t SavedBytes(int max_images) const override { return max_images * elems_; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    const kernels::DropoutKey key{
        .seed = pass.seed, .epoch = pass.epoch, .layer_ordinal = ordinal_};
    kernels::DropoutForward(key, rate_, pass.num_images, elems_, pass.image_index, src, dst,
                            Keep(memory));
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    std::memcpy(dst, src, static_cast<size_t>(pass.num_images * elems_) * sizeof(float));
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (d_src == nullptr) return;
    kernels::DropoutBackward(rate_, pass.num_images * elems_, Keep(memory), d_dst, d_src);
  }

 private:
  static uint8_t* Keep(const OperationMemory& memory) {
    return reinterpret_cast<uint8_t*>(memory.saved);
  }

  float rate_;
  uint32_t ordinal_;
  int64_t elems_;
};

}  // namespace

absl::StatusOr<Match> MatchDropout(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  return Match{.operation = std::make_unique<DropoutOperation>(layer), .num_layers = 1};
}

}  // namespace convoy::nn
