#include "common/kernels/conv/direct_forward.h"

#include "common/kernels/conv/direct.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

class DirectForward final : public ConvForward {
 public:
  DirectForward(const ConvBlockGeometry& g, const PaddedImages& images)
      : g_(g),
        images_(images),
        shape_{images.geometry(), g.pooled, g.out_height(), g.out_width()} {}

  std::string Describe() const override { return "direct"; }
  int64_t prepared_floats() const override { return DirectConvWeightFloats(shape_.conv); }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    CarveImage(carver);
    return carver.bytes();
  }
  int group() const override { return 1; }

  void Prepare(const float* weight, float* prepared) const override {
    DirectConvWeights(shape_.conv, weight, prepared);
  }

  void Start(void* workspace) const override {
    WorkspaceCarver carver(workspace);
    images_.Clear(1, CarveImage(carver));
  }

  void Run(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
           const float* bias, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const int image = images.first;
    const bool codes = g_.pooled && a.codes != nullptr;
    DirectConvForward(shape_, images_.Image(a.src, image, CarveImage(carver)), prepared, bias,
                      a.dst + image * g_.out_floats(),
                      codes ? a.codes + image * g_.code_bytes() : nullptr);
  }

 private:
  // One padded image.
  float* CarveImage(WorkspaceCarver& carver) const {
    return carver.Take<float>(images_.BufferFloats(1));
  }

  ConvBlockGeometry g_;
  PaddedImages images_;
  DirectConvShape shape_;
};

}  // namespace

PaddedImages DirectImages(const ConvBlockGeometry& g) {
  const int pool = g.pooled ? 2 : 1;
  return PaddedImages(g.conv,
                      (pool * g.out_height() - 1) * g.conv.stride_height + g.conv.kernel_height,
                      (pool * g.out_width() - 1) * g.conv.stride_width + g.conv.kernel_width);
}

std::unique_ptr<ConvForward> CreateDirectForward(const ConvBlockGeometry& g,
                                                 const PaddedImages& images) {
  return std::make_unique<DirectForward>(g, images);
}

}  // namespace convoy::kernels
