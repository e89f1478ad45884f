#include "common/kernels/conv/fused_conv.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/kernels/conv/direct_conv.h"
#include "common/kernels/conv/general_conv_block.h"
#include "common/kernels/conv/narrow_backward.h"
#include "common/kernels/conv/padded_images.h"
#include "common/kernels/conv/sparse_backward.h"
#include "common/kernels/conv/winograd.h"
#include "common/kernels/conv/winograd_backward.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// Fewer input channels leave Winograd's transforms too little to share.
constexpr int kMinWinogradChannels = 8;
// Above this many input channels a first layer's patches are long enough for sparse_backward.h.
constexpr int kMaxNarrowChannels = 4;
// Winograd keeps whole images in the transformed domain: larger ones are better computed directly.
constexpr int64_t kMaxWinogradImageBytes = int64_t{16} << 20;
// A group of images in the transformed domain stays in a second-level cache of 1 MiB beside the
// weights, where more than one image fits.
constexpr int64_t kWinogradGroupBytes = 640 * 1024;
constexpr int kMaxWinogradGroup = 4;

int ConvRows(const ConvBlockGeometry& g) { return g.pooled ? 2 * g.out_height() : g.out_height(); }
int ConvColumns(const ConvBlockGeometry& g) { return g.pooled ? 2 * g.out_width() : g.out_width(); }

WinogradShape WinogradShapeOf(const ConvBlockGeometry& g) {
  return ChooseWinogradShape(ConvRows(g), ConvColumns(g), g.conv.in_channels, g.conv.out_channels);
}

int64_t WinogradImageBytes(const WinogradShape& shape) {
  return (shape.InputPlane(1) + shape.ProductPlane(1)) * shape.places() *
         static_cast<int64_t>(sizeof(float));
}

absl::Status SupportsFused(const ConvBlockGeometry& g) {
  if (!g.relu) return absl::UnimplementedError("there is no ReLU behind the convolution");
  if (!g.pooled) {
    if (g.conv.out_height >= 2 && g.conv.out_width >= 2) return absl::OkStatus();
    return absl::UnimplementedError("the output is narrower than two pixels");
  }
  const Pool2dGeometry& p = g.pool;
  if (p.pool_height != 2 || p.pool_width != 2 || p.stride_height != 2 || p.stride_width != 2) {
    return absl::UnimplementedError(absl::StrCat("the pool is ", p.pool_height, "x", p.pool_width,
                                                 " with stride ", p.stride_height, "x",
                                                 p.stride_width, ", not 2x2 with stride 2"));
  }
  if (p.pad_top != 0 || p.pad_left != 0 || 2 * p.out_height > g.conv.out_height ||
      2 * p.out_width > g.conv.out_width) {
    return absl::UnimplementedError("the pool's windows are padded");
  }
  return absl::OkStatus();
}

enum class BackwardMethod { kSparse, kNarrow, kWinograd, kGeneral };

BackwardMethod ChooseBackward(const ConvBlockGeometry& g, bool winograd) {
  if (!g.pooled) {
    return winograd && WinogradBackward::Supports(g, WinogradShapeOf(g)).ok()
               ? BackwardMethod::kWinograd
               : BackwardMethod::kGeneral;
  }
  const bool narrow = !g.needs_d_src && g.conv.in_channels <= kMaxNarrowChannels &&
                      SupportsNarrowBackward(g.conv).ok();
  return narrow ? BackwardMethod::kNarrow : BackwardMethod::kSparse;
}

// The items of sparse_backward.h hold positions and channels in 15 and 16 bits.
absl::Status SupportsSparseItems(const ConvBlockGeometry& g, bool winograd) {
  constexpr int kMaxWindows = 8191;
  constexpr int kMaxChannels = 65535;
  const int64_t windows = int64_t{g.out_height()} * g.out_width();
  if (ChooseBackward(g, winograd) != BackwardMethod::kSparse) return absl::OkStatus();
  if (windows <= kMaxWindows && g.conv.out_channels <= kMaxChannels) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("there are ", windows, " pooled outputs of ",
                                               g.conv.out_channels, " channels, more than ",
                                               kMaxWindows, " or ", kMaxChannels));
}

class FusedBlock final : public ConvBlock {
 public:
  FusedBlock(const ConvBlockGeometry& g, bool winograd)
      : g_(g), winograd_(winograd), backward_(ChooseBackward(g, winograd)) {
    if (winograd_) {
      shape_ = WinogradShapeOf(g);
      group_ = static_cast<int>(std::clamp<int64_t>(
          kWinogradGroupBytes / WinogradImageBytes(shape_), 1, kMaxWinogradGroup));
      images_ = PaddedImages(g.conv, shape_.in_height(), shape_.in_width());
    } else {
      images_ =
          PaddedImages(g.conv, (ConvRows(g) - 1) * g.conv.stride_height + g.conv.kernel_height,
                       (ConvColumns(g) - 1) * g.conv.stride_width + g.conv.kernel_width);
    }
    direct_ = {images_.geometry(), g.pooled, g.out_height(), g.out_width()};
    InitBackward();
    WorkspaceCarver forward(nullptr);
    CarveForward(forward);
    workspace_bytes_ = std::max(workspace_bytes_, forward.bytes());
  }

  std::string Describe() const override {
    const char* backward = "dense backward by winograd";
    if (backward_ == BackwardMethod::kSparse) backward = "sparse backward";
    if (backward_ == BackwardMethod::kNarrow) backward = "narrow sparse backward";
    if (backward_ == BackwardMethod::kGeneral) backward = "dense backward by gemm";
    if (!winograd_) return absl::StrCat("direct, ", backward);
    return absl::StrCat("winograd ", shape_.tile, "x", shape_.tile, ", ", backward);
  }

  int64_t prepared_floats() const override {
    return forward_floats() + PadChannels(g_.conv.out_channels) + backward_floats();
  }

  int64_t mask_bytes() const override {
    return g_.pooled ? int64_t{g_.out_height()} * g_.out_width() * PadChannels(g_.conv.out_channels)
                     : 0;
  }

  int64_t workspace_bytes() const override { return workspace_bytes_; }

  void Prepare(const float* weight, const float* bias, float* prepared) const override {
    if (winograd_) {
      WinogradWeights(shape_, weight, prepared);
    } else {
      DirectConvWeights(images_.geometry(), weight, prepared);
    }
    const int oc = g_.conv.out_channels;
    float* padded_bias = prepared + forward_floats();
    std::fill(padded_bias, padded_bias + PadChannels(oc), 0.0f);
    if (bias != nullptr) std::copy(bias, bias + oc, padded_bias);
    float* backward = padded_bias + PadChannels(oc);
    if (backward_ == BackwardMethod::kSparse) SparseBackwardWeights(sparse_, weight, backward);
    if (backward_ == BackwardMethod::kWinograd) winograd_backward_.Prepare(weight, backward);
    if (backward_ == BackwardMethod::kGeneral) general_->Prepare(weight, bias, backward);
  }

  void Forward(int n, const ConvBlockActivations& a, const float* prepared,
               void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const ForwardBuffers b = CarveForward(carver);
    std::fill(b.image, b.image + images_.BufferFloats(1), 0.0f);
    if (winograd_) {
      for (int first = 0; first < n; first += group_) {
        WinogradGroup(first, std::min(group_, n - first), a, prepared, b);
      }
      return;
    }
    for (int image = 0; image < n; ++image) {
      const WinogradOutput o = OutputOf(a, image, prepared);
      if (image + 1 < n) FetchImage(g_.conv, a.src, image + 1);
      DirectConvForward(direct_, images_.Image(a.src, image, b.image), prepared, o.bias, o.dst,
                        o.codes);
    }
  }

  void Backward(int n, const ConvBlockActivations& a, const float* prepared,
                const ConvBlockGradients& gradients, void* workspace) const override {
    const float* arranged = prepared + forward_floats() + PadChannels(g_.conv.out_channels);
    WorkspaceCarver carver(workspace);
    switch (backward_) {
      case BackwardMethod::kGeneral:
        general_->Backward(n, a, arranged, gradients, workspace);
        break;
      case BackwardMethod::kWinograd:
        winograd_backward_.Run(n, a, arranged, gradients, workspace);
        break;
      case BackwardMethod::kNarrow:
        NarrowBackward(n, a, gradients, CarveBackward(carver));
        break;
      case BackwardMethod::kSparse:
        SparseBackward(n, a, arranged, gradients, CarveBackward(carver));
        break;
    }
  }

 private:
  struct ForwardBuffers {
    float* image;      // one padded image
    float* inputs;     // winograd.h
    float* products;   // winograd.h
    float* scratch;    // winograd.h
    std::byte* zeros;  // winograd.h, of each image of a group
  };

  struct BackwardBuffers {
    float* images;    // padded: of a group (sparse) or one
    float* d_images;  // likewise; only for sparse
    SparseBackwardBuffers sparse;
    NarrowBackwardBuffers narrow;
  };

  void InitBackward() {
    WorkspaceCarver carver(nullptr);
    switch (backward_) {
      case BackwardMethod::kSparse:
        sparse_ = MakeSparseBackwardShape(images_.geometry(), g_.out_height(), g_.out_width());
        CarveBackward(carver);
        workspace_bytes_ = carver.bytes();
        break;
      case BackwardMethod::kNarrow:
        narrow_ = {images_.geometry(), g_.out_height(), g_.out_width()};
        CarveBackward(carver);
        workspace_bytes_ = carver.bytes();
        break;
      case BackwardMethod::kWinograd:
        winograd_backward_ = WinogradBackward(g_, shape_, images_);
        workspace_bytes_ = winograd_backward_.workspace_bytes();
        break;
      case BackwardMethod::kGeneral:
        general_ = CreateGeneralBlock(g_);
        workspace_bytes_ = general_->workspace_bytes();
        break;
    }
  }

  int64_t forward_floats() const {
    return winograd_ ? shape_.WeightFloats() : DirectConvWeightFloats(images_.geometry());
  }
  int64_t backward_floats() const {
    if (backward_ == BackwardMethod::kSparse) return SparseBackwardWeightFloats(sparse_);
    if (backward_ == BackwardMethod::kWinograd) return winograd_backward_.prepared_floats();
    return backward_ == BackwardMethod::kGeneral ? general_->prepared_floats() : 0;
  }

  ForwardBuffers CarveForward(WorkspaceCarver& carver) const {
    ForwardBuffers b = {};
    b.image = carver.Take<float>(images_.BufferFloats(1));
    if (!winograd_) return b;
    b.inputs = carver.Take<float>(shape_.places() * shape_.InputPlane(group_));
    b.products = carver.Take<float>(shape_.places() * shape_.ProductPlane(group_));
    b.scratch = carver.Take<float>(WinogradScratchFloats(shape_));
    b.zeros = carver.Take<std::byte>(group_ * ZeroPatchesBytes(shape_));
    return b;
  }

  BackwardBuffers CarveBackward(WorkspaceCarver& carver) const {
    BackwardBuffers b = {};
    if (backward_ == BackwardMethod::kNarrow) {
      b.images = carver.Take<float>(images_.BufferFloats(1));
      b.narrow = CarveNarrowBackward(narrow_, carver);
    } else if (backward_ == BackwardMethod::kSparse) {
      b.images = carver.Take<float>(images_.BufferFloats(sparse_.group));
      b.d_images = carver.Take<float>(images_.BufferFloats(sparse_.group));
      b.sparse = CarveSparseBackward(sparse_, carver);
    }
    return b;
  }

  WinogradOutput OutputOf(const ConvBlockActivations& a, int image, const float* prepared) const {
    WinogradOutput o;
    o.height = g_.out_height();
    o.width = g_.out_width();
    o.pooled = g_.pooled;
    o.bias = prepared + forward_floats();
    o.dst = a.dst + image * g_.out_floats();
    if (g_.pooled && a.masks != nullptr) o.codes = a.masks + image * mask_bytes();
    return o;
  }

  void WinogradGroup(int first, int images, const ConvBlockActivations& a, const float* prepared,
                     const ForwardBuffers& b) const {
    ZeroPatches zeros[kMaxWinogradGroup];
    for (int i = 0; i < images; ++i) {
      const float* image = images_.Image(a.src, first + i, b.image);
      WinogradInputs(shape_, images, i, image, images_.row(), b.inputs);
      zeros[i] =
          FindZeroPatches(shape_, image, images_.row(), b.zeros + i * ZeroPatchesBytes(shape_));
    }
    WinogradProducts(shape_, images, b.inputs, prepared, b.products);
    for (int i = 0; i < images; ++i) {
      WinogradOutput output = OutputOf(a, first + i, prepared);
      output.zeros = zeros[i];
      WinogradOutputs(shape_, images, i, b.products, output, b.scratch);
    }
  }

  void NarrowBackward(int n, const ConvBlockActivations& a, const ConvBlockGradients& gradients,
                      const BackwardBuffers& b) const {
    std::fill(b.images, b.images + images_.BufferFloats(1), 0.0f);
    NarrowBackwardStart(narrow_, b.narrow);
    for (int image = 0; image < n; ++image) {
      if (image + 1 < n) FetchImage(g_.conv, a.src, image + 1);
      NarrowBackwardImage(narrow_, images_.Image(a.src, image, b.images),
                          a.masks + image * mask_bytes(), gradients.d_dst + image * g_.out_floats(),
                          b.narrow);
    }
    NarrowBackwardFinish(narrow_, b.narrow, gradients.d_weight, gradients.d_bias);
  }

  void SparseBackward(int n, const ConvBlockActivations& a, const float* arranged,
                      const ConvBlockGradients& gradients, const BackwardBuffers& b) const {
    const bool in_place = images_.InPlace(a.src);
    if (!in_place) {
      std::fill(b.images, b.images + images_.BufferFloats(sparse_.group), 0.0f);
    }
    SparseBackwardStart(sparse_, b.sparse);
    for (int first = 0; first < n; first += sparse_.group) {
      const int images = std::min(sparse_.group, n - first);
      const float* src = b.images;
      float* d_src = gradients.d_src == nullptr ? nullptr : b.d_images;
      if (in_place) {
        src = a.src.floats + first * g_.in_floats();
        if (d_src != nullptr) d_src = gradients.d_src + first * g_.in_floats();
      } else {
        for (int i = 0; i < images; ++i) {
          images_.Image(a.src, first + i, b.images + i * images_.floats());
        }
      }
      SparseBackwardGroup(sparse_, images, src, arranged, a.masks + first * mask_bytes(),
                          gradients.d_dst + first * g_.out_floats(), d_src, b.sparse);
      if (in_place || d_src == nullptr) continue;
      for (int i = 0; i < images; ++i) {
        images_.CopyInside(d_src + i * images_.floats(),
                           gradients.d_src + (first + i) * g_.in_floats());
      }
    }
    SparseBackwardFinish(sparse_, b.sparse, gradients.d_weight, gradients.d_bias);
  }

  ConvBlockGeometry g_;
  bool winograd_;
  BackwardMethod backward_;
  WinogradShape shape_;
  int group_ = 1;
  PaddedImages images_;
  DirectConvShape direct_;
  NarrowBackwardShape narrow_;
  SparseBackwardShape sparse_;
  WinogradBackward winograd_backward_;
  std::unique_ptr<ConvBlock> general_;
  int64_t workspace_bytes_ = 0;
};

}  // namespace

absl::Status SupportsWinogradBlock(const ConvBlockGeometry& g) {
  const Conv2dGeometry& conv = g.conv;
  if (conv.kernel_height != 3 || conv.kernel_width != 3) {
    return absl::UnimplementedError(
        absl::StrCat("kernels are ", conv.kernel_height, "x", conv.kernel_width, ", not 3x3"));
  }
  if (conv.stride_height != 1 || conv.stride_width != 1) {
    return absl::UnimplementedError("the stride is not 1");
  }
  if (conv.in_channels < kMinWinogradChannels) {
    return absl::UnimplementedError(
        absl::StrCat("there are fewer than ", kMinWinogradChannels, " input channels"));
  }
  const absl::Status fused = SupportsFused(g);
  if (!fused.ok()) return fused;
  const int64_t image_bytes = WinogradImageBytes(WinogradShapeOf(g));
  if (image_bytes > kMaxWinogradImageBytes) {
    return absl::UnimplementedError(absl::StrCat("an image needs ", image_bytes >> 20,
                                                 " MiB of workspace, more than ",
                                                 kMaxWinogradImageBytes >> 20));
  }
  return SupportsSparseItems(g, true);
}

absl::Status SupportsDirectBlock(const ConvBlockGeometry& g) {
  const absl::Status fused = SupportsFused(g);
  return fused.ok() ? SupportsSparseItems(g, false) : fused;
}

std::unique_ptr<ConvBlock> CreateWinogradBlock(const ConvBlockGeometry& geometry) {
  CONVOY_CHECK(SupportsWinogradBlock(geometry).ok());
  return std::make_unique<FusedBlock>(geometry, true);
}

std::unique_ptr<ConvBlock> CreateDirectBlock(const ConvBlockGeometry& geometry) {
  CONVOY_CHECK(SupportsDirectBlock(geometry).ok());
  return std::make_unique<FusedBlock>(geometry, false);
}

}  // namespace convoy::kernels
