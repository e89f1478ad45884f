#include "common/kernels/pooling/average_pool.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class AveragePooling2dOperation : public Operation {
 public:
  explicit AveragePooling2dOperation(const kernels::Pool2dGeometry& geometry)
      : geometry_(geometry) {}

  std::string Describe() const override { return "average-pool by sums of windows"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    kernels::AveragePoolForward(geometry_, pass.num_images, src, dst);
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (d_src == nullptr) return;
    kernels::AveragePoolBackward(geometry_, pass.num_images, d_dst, d_src);
  }

 private:
  kernels::Pool2dGeometry geometry_;
};

}  // namespace

absl::StatusOr<Match> MatchAveragePooling2d(const std::vector<Layer>& layers, size_t first) {
  const Layer& layer = layers[first];
  return Match{.operation = std::make_unique<AveragePooling2dOperation>(Pool2dGeometryOf(layer)),
               .num_layers = 1};
}

}  // namespace convoy::nn
