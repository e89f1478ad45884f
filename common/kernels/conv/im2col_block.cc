// The general convolution as the parts of a block. With the columns C [OH OW, KH KW IC] of an image
// (im2col.h) and its output gradients D [OH OW, OC], where ReLU let nothing through set to 0,
//   dst = C weight + bias,  d_weight = C^T D,  d_bias = column sums of D,
//   d_src = the columns D weight^T, added back to the pixels they came from (col2im).
#include "common/kernels/conv/im2col_block.h"

#include <algorithm>
#include <limits>

#include "common/base/check.h"
#include "common/kernels/conv/im2col.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// Returns image `image`: where it is, or converted into `buffer` if it comes as bytes.
const float* ImageFloats(const ConvBlockGeometry& g, const ImageSource& source, int image,
                         float* buffer) {
  if (source.bytes == nullptr) return source.floats + image * g.in_floats();
  Conv2dGeometry unpadded = g.conv;
  unpadded.pad_top = 0;
  unpadded.pad_left = 0;
  CopyImage(unpadded, source, image, buffer, int64_t{g.conv.in_width} * g.conv.in_channels);
  return buffer;
}

// Returns max(value, 0), but NaN for NaN, so that a broken weight is not hidden.
float Relu(float value) { return value <= 0 ? 0 : value; }

class Im2colForwardPass final : public ConvForward {
 public:
  explicit Im2colForwardPass(const ConvBlockGeometry& g) : g_(g) {}

  std::string Describe() const override { return "im2col + gemm"; }
  int64_t prepared_floats() const override { return g_.weight_floats(); }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    return carver.bytes();
  }
  int group() const override { return 1; }

  void Prepare(const float* weight, float* prepared) const override {
    std::copy(weight, weight + g_.weight_floats(), prepared);
  }

  void Start(void* workspace) const override {}

  void Run(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
           const float* bias, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    float* dst = a.dst + images.first * g_.out_floats();
    Im2colForward(g_.conv, ImageFloats(g_, a.src, images.first, b.image), prepared, bias, dst,
                  b.columns);
    if (g_.relu) std::transform(dst, dst + g_.out_floats(), dst, &Relu);
  }

 private:
  struct Buffers {
    float* image;  // where it comes as bytes
    float* columns;
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b;
    b.image = carver.Take<float>(g_.in_floats());
    b.columns = carver.Take<float>(Im2colWorkspaceFloats(g_.conv));
    return b;
  }

  ConvBlockGeometry g_;
};

// The images of a group are summed by themselves, then the groups. The order of a sum decides its
// bits, so these groups must stay what they are: eight images behind a ReLU, else the whole batch.
constexpr int kReluGroup = 8;

class Im2colBackwardPass final : public ConvBackward {
 public:
  explicit Im2colBackwardPass(const ConvBlockGeometry& g) : g_(g) { CONVOY_CHECK(!g.pooled); }

  std::string Describe() const override { return "dense backward by gemm"; }
  int64_t prepared_floats() const override { return g_.weight_floats(); }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    return carver.bytes();
  }
  int group() const override { return g_.relu ? kReluGroup : std::numeric_limits<int>::max(); }

  void Prepare(const float* weight, float* prepared) const override {
    std::copy(weight, weight + g_.weight_floats(), prepared);
  }

  void Start(void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    std::fill_n(b.d_weight, g_.weight_floats(), 0.0f);
    std::fill_n(b.d_bias, g_.conv.out_channels, 0.0f);
  }

  void AddImages(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
                 const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    std::fill_n(b.group_d_weight, g_.weight_floats(), 0.0f);
    std::fill_n(b.group_d_bias, g_.conv.out_channels, 0.0f);
    for (int image = images.first; image < images.first + images.count; ++image) {
      float* d_src =
          gradients.d_src == nullptr ? nullptr : gradients.d_src + image * g_.in_floats();
      Im2colBackward(g_.conv, ImageFloats(g_, a.src, image, b.image), prepared,
                     ThroughRelu(image, a, gradients, b.d_dst), d_src, b.group_d_weight,
                     b.group_d_bias, b.columns);
    }
    Add(g_.weight_floats(), b.group_d_weight, b.d_weight);
    Add(g_.conv.out_channels, b.group_d_bias, b.d_bias);
  }

  void Finish(const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    std::copy_n(b.d_weight, g_.weight_floats(), gradients.d_weight);
    if (gradients.d_bias == nullptr) return;
    std::copy_n(b.d_bias, g_.conv.out_channels, gradients.d_bias);
  }

 private:
  struct Buffers {
    float* image;  // where it comes as bytes
    float* d_dst;  // an image's gradients that ReLU let through
    float* columns;
    float* group_d_weight;
    float* group_d_bias;
    float* d_weight;
    float* d_bias;
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b;
    b.image = carver.Take<float>(g_.in_floats());
    b.d_dst = carver.Take<float>(g_.out_floats());
    b.columns = carver.Take<float>(Im2colWorkspaceFloats(g_.conv));
    b.group_d_weight = carver.Take<float>(g_.weight_floats());
    b.group_d_bias = carver.Take<float>(g_.conv.out_channels);
    b.d_weight = carver.Take<float>(g_.weight_floats());
    b.d_bias = carver.Take<float>(g_.conv.out_channels);
    return b;
  }

  // Returns the image's output gradients, 0 where ReLU let nothing through.
  const float* ThroughRelu(int image, const ConvBlockActivations& a,
                           const ConvBlockGradients& gradients, float* buffer) const {
    const float* d_dst = gradients.d_dst + image * g_.out_floats();
    if (!g_.relu) return d_dst;
    const float* dst = a.dst + image * g_.out_floats();
    for (int64_t i = 0; i < g_.out_floats(); ++i) buffer[i] = dst[i] <= 0 ? 0 : d_dst[i];
    return buffer;
  }

  static void Add(int64_t size, const float* values, float* sums) {
    for (int64_t i = 0; i < size; ++i) sums[i] += values[i];
  }

  ConvBlockGeometry g_;
};

}  // namespace

std::unique_ptr<ConvBackward> CreateIm2colBackward(const ConvBlockGeometry& geometry) {
  return std::make_unique<Im2colBackwardPass>(geometry);
}

std::unique_ptr<ConvBlock> CreateIm2colBlock(const ConvBlockGeometry& geometry) {
  return std::make_unique<ConvBlock>(geometry, std::make_unique<Im2colForwardPass>(geometry),
                                     CreateIm2colBackward(geometry));
}

}  // namespace convoy::kernels
