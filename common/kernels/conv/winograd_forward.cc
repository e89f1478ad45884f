// The forward pass by Winograd's method, a group of images at a time: transform the inputs, one
// matrix product for each element of a tile, transform back. How large a group is follows from the
// caches alone; no image's bits hang on its group.
#include "common/kernels/conv/winograd_forward.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// Fewer input channels leave the transforms too little to share.
constexpr int kMinChannels = 8;
// Whole images are kept in the transform domain: larger ones are better computed directly.
constexpr int64_t kMaxImageBytes = int64_t{16} << 20;
// A group of images in the transform domain stays in a second-level cache of 1 MiB beside the
// weights, where more than one image fits.
constexpr int64_t kGroupBytes = 640 * 1024;
constexpr int kMaxGroup = 32;
// More images gain nothing where the weights stay in the cache, too.
constexpr int kEnoughForSmallWeights = 4;
constexpr int64_t kSmallWeightBytes = int64_t{1} << 20;

int64_t ImageBytes(const WinogradShape& shape) {
  return (shape.InputPlane(1) + shape.ProductPlane(1)) * shape.elements() *
         static_cast<int64_t>(sizeof(float));
}

int GroupOf(const WinogradShape& shape) {
  const int64_t weight_bytes = shape.WeightFloats() * static_cast<int64_t>(sizeof(float));
  const int64_t image_bytes = ImageBytes(shape);
  if (weight_bytes <= kSmallWeightBytes) {
    return static_cast<int>(
        std::clamp<int64_t>(kGroupBytes / image_bytes, 1, kEnoughForSmallWeights));
  }
  // Every group reads all weights, from beyond the cache, so more images share that; of many more
  // the planes would be there, too.
  return static_cast<int>(
      std::clamp<int64_t>(std::max(kGroupBytes, weight_bytes / 3) / image_bytes, 1, kMaxGroup));
}

class WinogradForward final : public ConvForward {
 public:
  WinogradForward(const ConvBlockGeometry& g, const WinogradShape& shape,
                  const PaddedImages& images)
      : g_(g), shape_(shape), images_(images), group_(GroupOf(shape)) {}

  std::string Describe() const override {
    return absl::StrCat("winograd ", shape_.tile, "x", shape_.tile);
  }
  int64_t prepared_floats() const override { return shape_.WeightFloats(); }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    return carver.bytes();
  }
  int group() const override { return group_; }

  void Prepare(const float* weight, float* prepared) const override {
    WinogradWeights(shape_, weight, prepared);
  }

  void Start(void* workspace) const override {
    WorkspaceCarver carver(workspace);
    images_.Clear(1, Carve(carver).image);
  }

  void Run(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
           const float* bias, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    ZeroPatches zeros[kMaxGroup];
    for (int i = 0; i < images.count; ++i) {
      const float* image = images_.Image(a.src, images.first + i, b.image);
      WinogradInputs(shape_, images.count, i, image, images_.row(), b.inputs);
      zeros[i] =
          FindZeroPatches(shape_, image, images_.row(), b.zeros + i * ZeroPatchesBytes(shape_));
    }
    WinogradProducts(shape_, images.count, b.inputs, prepared, b.products);
    for (int i = 0; i < images.count; ++i) {
      WinogradOutputs(shape_, images.count, i, b.products,
                      OutputOf(a, images.first + i, bias, zeros[i]), b.scratch);
    }
  }

 private:
  struct Buffers {
    float* image;  // one padded image
    float* inputs;
    float* products;
    float* scratch;
    std::byte* zeros;  // of each image of a group
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b;
    b.image = carver.Take<float>(images_.BufferFloats(1));
    b.inputs = carver.Take<float>(shape_.elements() * shape_.InputPlane(group_));
    b.products = carver.Take<float>(shape_.elements() * shape_.ProductPlane(group_));
    b.scratch = carver.Take<float>(WinogradScratchFloats(shape_));
    b.zeros = carver.Take<std::byte>(group_ * ZeroPatchesBytes(shape_));
    return b;
  }

  WinogradOutput OutputOf(const ConvBlockActivations& a, int image, const float* bias,
                          const ZeroPatches& zeros) const {
    WinogradOutput output;
    output.relu = g_.relu;
    output.height = g_.out_height();
    output.width = g_.out_width();
    output.pooled = g_.pooled;
    output.bias = bias;
    output.zeros = zeros;
    output.dst = a.dst + image * g_.out_floats();
    if (g_.pooled && a.codes != nullptr) output.codes = a.codes + image * g_.code_bytes();
    return output;
  }

  ConvBlockGeometry g_;
  WinogradShape shape_;
  PaddedImages images_;
  int group_;
};

}  // namespace

WinogradShape WinogradShapeOf(const ConvBlockGeometry& g) {
  const int pool = g.pooled ? 2 : 1;
  return ChooseWinogradShape(pool * g.out_height(), pool * g.out_width(), g.conv.in_channels,
                             g.conv.out_channels);
}

absl::Status SupportsWinogradForward(const ConvBlockGeometry& g) {
  const Conv2dGeometry& conv = g.conv;
  if (conv.kernel_height != 3 || conv.kernel_width != 3) {
    return absl::UnimplementedError(
        absl::StrCat("windows are ", conv.kernel_height, "x", conv.kernel_width, ", not 3x3"));
  }
  if (conv.stride_height != 1 || conv.stride_width != 1) {
    return absl::UnimplementedError("the stride is not 1");
  }
  if (conv.in_channels < kMinChannels) {
    return absl::UnimplementedError(
        absl::StrCat("there are fewer than ", kMinChannels, " input channels"));
  }
  const int64_t image_bytes = ImageBytes(WinogradShapeOf(g));
  if (image_bytes <= kMaxImageBytes) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      "an image needs ", image_bytes >> 20, " MiB of workspace, more than ", kMaxImageBytes >> 20));
}

std::unique_ptr<ConvForward> CreateWinogradForward(const ConvBlockGeometry& g,
                                                   const WinogradShape& shape,
                                                   const PaddedImages& images) {
  return std::make_unique<WinogradForward>(g, shape, images);
}

}  // namespace convoy::kernels
