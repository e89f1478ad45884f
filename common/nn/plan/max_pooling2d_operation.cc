#include "common/kernels/pooling/max_pool.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class MaxPooling2dOperation : public Operation {
 public:
  explicit MaxPooling2dOperation(const kernels::Pool2dGeometry& geometry) : geometry_(geometry) {}

  std::string Describe() const override { return "max-pool with saved argmax"; }

  int64_t SavedBytes(int max_images) const override {
    return int64_t{max_images} * geometry_.out_height * geometry_.out_width * geometry_.channels *
           static_cast<int64_t>(sizeof(int32_t));
  }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    kernels::MaxPoolForward(geometry_, pass.num_images, src, dst, Argmax(memory));
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    kernels::MaxPoolForward(geometry_, pass.num_images, src, dst, nullptr);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (d_src == nullptr) return;
    kernels::MaxPoolBackward(geometry_, pass.num_images, d_dst, Argmax(memory), d_src);
  }

 private:
  static int32_t* Argmax(const OperationMemory& memory) {
    return reinterpret_cast<int32_t*>(memory.saved);
  }

  kernels::Pool2dGeometry geometry_;
};

}  // namespace

absl::StatusOr<Match> MatchMaxPooling2d(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  return Match{.operation = std::make_unique<MaxPooling2dOperation>(Pool2dGeometryOf(layer)),
               .num_layers = 1};
}

}  // namespace convoy::nn
