#include "common/kernels/conv/general_conv_block.h"

#include <algorithm>
#include <cstring>

#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// Images that go through the block at once.
constexpr int kGroup = 8;

// Where the maximum was, for an output that ReLU let nothing through.
constexpr int32_t kDead = -1;

class GeneralBlock final : public ConvBlock {
 public:
  explicit GeneralBlock(const ConvBlockGeometry& g) : g_(g) {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    workspace_bytes_ = carver.bytes();
  }

  std::string Describe() const override { return "general"; }
  int64_t prepared_floats() const override { return g_.weight_floats() + g_.conv.out_channels; }
  int64_t mask_bytes() const override {
    return g_.pooled ? g_.out_floats() * static_cast<int64_t>(sizeof(int32_t)) : 0;
  }
  int64_t workspace_bytes() const override { return workspace_bytes_; }

  void Prepare(const float* weight, const float* bias, float* prepared) const override {
    prepared = std::copy(weight, weight + g_.weight_floats(), prepared);
    if (bias == nullptr) {
      std::fill(prepared, prepared + g_.conv.out_channels, 0.0f);
    } else {
      std::copy(bias, bias + g_.conv.out_channels, prepared);
    }
  }

  void Forward(int n, const ConvBlockActivations& a, const float* prepared,
               void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    for (int first = 0; first < n; first += kGroup) {
      const int images = std::min(kGroup, n - first);
      float* dst = a.dst + first * g_.out_floats();
      float* conv_dst = g_.pooled ? b.conv_dst : dst;
      Conv2dForward(g_.conv, images, Floats(a.src, first, images, b), prepared,
                    prepared + g_.weight_floats(), conv_dst, b.conv);
      if (g_.relu) Relu(images * conv_floats(), conv_dst);
      if (!g_.pooled) continue;
      int32_t* argmax = a.masks == nullptr ? nullptr : Argmax(a, first);
      MaxPoolForward(g_.pool, images, conv_dst, dst, argmax);
      if (argmax != nullptr && g_.relu) MarkDead(images * g_.out_floats(), dst, argmax);
    }
  }

  void Backward(int n, const ConvBlockActivations& a, const float* prepared,
                const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    const int oc = g_.conv.out_channels;
    std::fill(gradients.d_weight, gradients.d_weight + g_.weight_floats(), 0.0f);
    if (gradients.d_bias != nullptr) std::fill(gradients.d_bias, gradients.d_bias + oc, 0.0f);
    for (int first = 0; first < n; first += kGroup) {
      const int images = std::min(kGroup, n - first);
      const float* d_dst = gradients.d_dst + first * g_.out_floats();
      if (g_.pooled) {
        ScatterToMaxima(images, d_dst, Argmax(a, first), b.conv_dst);
      } else {
        MaskDead(images * g_.out_floats(), a.dst + first * g_.out_floats(), d_dst, b.conv_dst);
      }
      Conv2dBackward(
          g_.conv, images, Floats(a.src, first, images, b), prepared, b.conv_dst,
          gradients.d_src == nullptr ? nullptr : gradients.d_src + first * g_.in_floats(),
          b.d_weight, b.d_bias, b.conv);
      Add(g_.weight_floats(), b.d_weight, gradients.d_weight);
      if (gradients.d_bias != nullptr) Add(oc, b.d_bias, gradients.d_bias);
    }
  }

 private:
  struct Buffers {
    float* src;       // a group's images, where they come as bytes
    float* conv_dst;  // a group's outputs of the convolution, or their gradients
    float* conv;      // Conv2d's own
    float* d_weight;
    float* d_bias;
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b;
    b.src = carver.Take<float>(kGroup * g_.in_floats());
    b.conv_dst = carver.Take<float>(kGroup * conv_floats());
    b.conv = carver.Take<float>(Conv2dWorkspaceFloats(g_.conv));
    b.d_weight = carver.Take<float>(g_.weight_floats());
    b.d_bias = carver.Take<float>(g_.conv.out_channels);
    return b;
  }

  int64_t conv_floats() const {
    return int64_t{g_.conv.out_height} * g_.conv.out_width * g_.conv.out_channels;
  }

  int32_t* Argmax(const ConvBlockActivations& a, int image) const {
    return reinterpret_cast<int32_t*>(a.masks + image * mask_bytes());
  }

  const float* Floats(const ImageSource& source, int first, int images, const Buffers& b) const {
    if (source.bytes == nullptr) return source.floats + first * g_.in_floats();
    Conv2dGeometry unpadded = g_.conv;
    unpadded.pad_top = 0;
    unpadded.pad_left = 0;
    for (int i = 0; i < images; ++i) {
      CopyImage(unpadded, source, first + i, b.src + i * g_.in_floats(),
                int64_t{g_.conv.in_width} * g_.conv.in_channels);
    }
    return b.src;
  }

  static void Relu(int64_t size, float* values) {
    for (int64_t i = 0; i < size; ++i) values[i] = values[i] <= 0 ? 0 : values[i];
  }

  static void MarkDead(int64_t size, const float* dst, int32_t* argmax) {
    for (int64_t i = 0; i < size; ++i) argmax[i] = dst[i] <= 0 ? kDead : argmax[i];
  }

  void MaskDead(int64_t size, const float* dst, const float* d_dst, float* masked) const {
    for (int64_t i = 0; i < size; ++i) masked[i] = g_.relu && dst[i] <= 0 ? 0 : d_dst[i];
  }

  void ScatterToMaxima(int images, const float* d_dst, const int32_t* argmax, float* d_conv) const {
    const int oc = g_.conv.out_channels;
    std::memset(d_conv, 0, images * conv_floats() * sizeof(float));
    for (int64_t i = 0; i < images * g_.out_floats(); ++i) {
      if (argmax[i] == kDead) continue;
      d_conv[i / g_.out_floats() * conv_floats() + argmax[i] * int64_t{oc} + i % oc] += d_dst[i];
    }
  }

  static void Add(int64_t size, const float* values, float* sums) {
    for (int64_t i = 0; i < size; ++i) sums[i] += values[i];
  }

  ConvBlockGeometry g_;
  int64_t workspace_bytes_;
};

}  // namespace

absl::Status SupportsGeneralBlock(const ConvBlockGeometry&) { return absl::OkStatus(); }

std::unique_ptr<ConvBlock> CreateGeneralBlock(const ConvBlockGeometry& geometry) {
  return std::make_unique<GeneralBlock>(geometry);
}

}  // namespace convoy::kernels
