#include "common/kernels/conv/sparse_backward.h"

#include "absl/strings/str_cat.h"
#include "common/kernels/conv/sparse_gradients.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// Items hold positions and channels in 15 and 16 bits.
constexpr int kMaxWindows = 8191;
constexpr int kMaxChannels = 65535;

class SparseBackward final : public ConvBackward {
 public:
  SparseBackward(const ConvBlockGeometry& g, const PaddedImages& images)
      : g_(g),
        images_(images),
        shape_(MakeSparseGradientShape(images.geometry(), g.out_height(), g.out_width())) {}

  std::string Describe() const override { return "sparse backward"; }
  int64_t prepared_floats() const override { return SparseGradientWeightFloats(shape_); }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    return carver.bytes();
  }
  int group() const override { return shape_.group; }

  void Prepare(const float* weight, float* prepared) const override {
    SparseGradientWeights(shape_, weight, prepared);
  }

  void Start(void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    images_.Clear(shape_.group, b.images);
    SparseGradientsStart(shape_, b.gradients);
  }

  void AddImages(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
                 const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    const bool in_place = images_.InPlace(a.src);
    const float* src = in_place ? a.src.floats + images.first * g_.in_floats() : b.images;
    float* d_src = gradients.d_src;
    if (d_src != nullptr) d_src = in_place ? d_src + images.first * g_.in_floats() : b.d_images;
    for (int i = 0; !in_place && i < images.count; ++i) {
      images_.Image(a.src, images.first + i, b.images + i * images_.floats());
    }
    SparseGradientsGroup(shape_, images.count, src, prepared,
                         a.codes + images.first * g_.code_bytes(),
                         gradients.d_dst + images.first * g_.out_floats(), d_src, b.gradients);
    if (in_place || d_src == nullptr) return;
    for (int i = 0; i < images.count; ++i) {
      images_.CopyInside(d_src + i * images_.floats(),
                         gradients.d_src + (images.first + i) * g_.in_floats());
    }
  }

  void Finish(const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    SparseGradientsFinish(shape_, Carve(carver).gradients, gradients.d_weight, gradients.d_bias);
  }

 private:
  struct Buffers {
    float* images;    // a group's padded images, unless they can be read in place
    float* d_images;  // and their gradients
    SparseGradientBuffers gradients;
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b;
    b.images = carver.Take<float>(images_.BufferFloats(shape_.group));
    b.d_images = carver.Take<float>(images_.BufferFloats(shape_.group));
    b.gradients = CarveSparseGradients(shape_, carver);
    return b;
  }

  ConvBlockGeometry g_;
  PaddedImages images_;
  SparseGradientShape shape_;
};

}  // namespace

absl::Status SupportsSparseBackward(const ConvBlockGeometry& g) {
  const int64_t windows = int64_t{g.out_height()} * g.out_width();
  if (windows <= kMaxWindows && g.conv.out_channels <= kMaxChannels) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("there are ", windows, " pooled outputs of ",
                                               g.conv.out_channels, " channels, more than ",
                                               kMaxWindows, " or ", kMaxChannels));
}

std::unique_ptr<ConvBackward> CreateSparseBackward(const ConvBlockGeometry& g,
                                                   const PaddedImages& images) {
  return std::make_unique<SparseBackward>(g, images);
}

}  // namespace convoy::kernels
