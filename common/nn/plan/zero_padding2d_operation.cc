#include <algorithm>

#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

class ZeroPadding2dOperation : public Operation {
 public:
  explicit ZeroPadding2dOperation(const Layer& layer)
      : padding_(std::get<ZeroPadding2dSpec>(layer.kind)),
        height_(layer.input[0]),
        row_(layer.input[1] * layer.input[2]),
        channels_(layer.input[2]),
        src_elems_(ElemsOf(layer.input)),
        dst_elems_(ElemsOf(layer.output)),
        dst_row_(layer.output[1] * layer.output[2]) {}

  std::string Describe() const override { return "rows copied between zeros"; }

  void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
               float* dst) const override {
    std::fill(dst, dst + pass.num_images * dst_elems_, 0.0f);
    for (int image = 0; image < pass.num_images; ++image, src += src_elems_, dst += dst_elems_) {
      for (int64_t y = 0; y < height_; ++y) std::copy_n(src + y * row_, row_, dst + Inside(y));
    }
  }

  void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
             float* dst) const override {
    Forward(pass, memory, src, dst);
  }

  void Backward(const Pass& pass, const OperationMemory& memory, const float* src, const float* dst,
                float* d_dst, float* d_src, float* gradient) const override {
    if (d_src == nullptr) return;
    for (int image = 0; image < pass.num_images; ++image) {
      for (int64_t y = 0; y < height_; ++y) std::copy_n(d_dst + Inside(y), row_, d_src + y * row_);
      d_src += src_elems_;
      d_dst += dst_elems_;
    }
  }

 private:
  // Where row `y` of the source begins in the output.
  int64_t Inside(int64_t y) const {
    return (y + padding_.top) * dst_row_ + padding_.left * channels_;
  }

  ZeroPadding2dSpec padding_;
  int64_t height_;
  int64_t row_;  // floats of a row of the source
  int64_t channels_;
  int64_t src_elems_;
  int64_t dst_elems_;
  int64_t dst_row_;
};

}  // namespace

absl::StatusOr<Match> MatchZeroPadding2d(const std::vector<Layer>& layers, size_t first) {
  return Match{.operation = std::make_unique<ZeroPadding2dOperation>(layers[first]),
               .num_layers = 1};
}

}  // namespace convoy::nn
