#include <algorithm>

#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class AddOperation : public Operation {
 public:
  explicit AddOperation(const Layer& layer) : elems_(ElemsOf(layer.output)) {}

  std::string Describe() const override { return "sum with the skip"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    const int64_t elems = pass.num_images * elems_;
    for (int64_t i = 0; i < elems; ++i) dst[i] = src[i] + memory.skip[i];
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    const int64_t elems = pass.num_images * elems_;
    for (int64_t i = 0; memory.d_skip != nullptr && i < elems; ++i) memory.d_skip[i] += d_dst[i];
    if (d_src != nullptr) std::copy_n(d_dst, elems, d_src);
  }

 private:
  int64_t elems_;  // of one image
};

}  // namespace

absl::StatusOr<Match> MatchAdd(const std::vector<Layer>& layers, size_t first) {
  return Match{.operation = std::make_unique<AddOperation>(layers[first]), .num_layers = 1};
}

}  // namespace convoy::nn
