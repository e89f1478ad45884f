#include "common/kernels/conv/narrow_backward.h"

#include "absl/strings/str_cat.h"
#include "common/kernels/conv/narrow_gradients.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// Above this many input channels patches are long enough for sparse_backward.h.
constexpr int kMaxChannels = 4;

class NarrowBackward final : public ConvBackward {
 public:
  NarrowBackward(const ConvBlockGeometry& g, const PaddedImages& images)
      : g_(g), images_(images), shape_{images.geometry(), g.out_height(), g.out_width()} {}

  std::string Describe() const override { return "narrow sparse backward"; }
  int64_t prepared_floats() const override { return 0; }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    return carver.bytes();
  }
  int group() const override { return 1; }

  void Prepare(const float* weight, float* prepared) const override {}

  void Start(void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    images_.Clear(1, b.image);
    NarrowGradientsStart(shape_, b.gradients);
  }

  void AddImages(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
                 const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    const int image = images.first;
    NarrowGradientsImage(shape_, images_.Image(a.src, image, b.image),
                         a.codes + image * g_.code_bytes(),
                         gradients.d_dst + image * g_.out_floats(), b.gradients);
  }

  void Finish(const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    NarrowGradientsFinish(shape_, Carve(carver).gradients, gradients.d_weight, gradients.d_bias);
  }

 private:
  struct Buffers {
    float* image;  // one padded image
    NarrowGradientBuffers gradients;
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b;
    b.image = carver.Take<float>(images_.BufferFloats(1));
    b.gradients = CarveNarrowGradients(shape_, carver);
    return b;
  }

  ConvBlockGeometry g_;
  PaddedImages images_;
  NarrowGradientShape shape_;
};

}  // namespace

absl::Status SupportsNarrowBackward(const ConvBlockGeometry& g) {
  const Conv2dGeometry& conv = g.conv;
  if (g.needs_d_src) return absl::UnimplementedError("the layer before it needs a gradient");
  if (conv.in_channels > kMaxChannels) {
    return absl::UnimplementedError(
        absl::StrCat("there are more than ", kMaxChannels, " input channels"));
  }
  if (conv.stride_height != 1 || conv.stride_width != 1) {
    return absl::UnimplementedError("the stride is not 1");
  }
  if (conv.kernel_width != 3 && conv.kernel_width != 5) {
    return absl::UnimplementedError(
        absl::StrCat("windows are ", conv.kernel_width, " wide, not 3 or 5"));
  }
  return absl::OkStatus();
}

std::unique_ptr<ConvBackward> CreateNarrowBackward(const ConvBlockGeometry& g,
                                                   const PaddedImages& images) {
  return std::make_unique<NarrowBackward>(g, images);
}

}  // namespace convoy::kernels
