#include "common/kernels/fused_conv.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/kernels/direct_conv.h"
#include "common/kernels/general_conv_block.h"
#include "common/kernels/narrow_backward.h"
#include "common/kernels/sparse_backward.h"
#include "common/kernels/winograd.h"
#include "common/kernels/workspace.h"

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
constexpr int kMaxWinogradGroup = 8;

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

enum class BackwardMethod { kSparse, kNarrow, kDense };

BackwardMethod ChooseBackward(const ConvBlockGeometry& g) {
  if (!g.pooled) return BackwardMethod::kDense;
  const bool narrow = !g.needs_d_src && g.conv.in_channels <= kMaxNarrowChannels &&
                      SupportsNarrowBackward(g.conv).ok();
  return narrow ? BackwardMethod::kNarrow : BackwardMethod::kSparse;
}

// The items of sparse_backward.h hold positions and channels in 15 and 16 bits.
absl::Status SupportsSparseItems(const ConvBlockGeometry& g) {
  constexpr int kMaxWindows = 8191;
  constexpr int kMaxChannels = 65535;
  const int64_t windows = int64_t{g.out_height()} * g.out_width();
  if (ChooseBackward(g) != BackwardMethod::kSparse) return absl::OkStatus();
  if (windows <= kMaxWindows && g.conv.out_channels <= kMaxChannels) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("there are ", windows, " pooled outputs of ",
                                               g.conv.out_channels, " channels, more than ",
                                               kMaxWindows, " or ", kMaxChannels));
}

class FusedBlock final : public ConvBlock {
 public:
  FusedBlock(const ConvBlockGeometry& g, bool winograd)
      : g_(g), winograd_(winograd), backward_(ChooseBackward(g)) {
    if (winograd_) InitWinograd();
    padded_ = PaddedGeometry();
    direct_ = {padded_, g.pooled, g.out_height(), g.out_width()};
    narrow_ = {padded_, g.out_height(), g.out_width()};
    if (backward_ == BackwardMethod::kSparse) {
      sparse_ = MakeSparseBackwardShape(padded_, g.out_height(), g.out_width());
    }
    if (backward_ == BackwardMethod::kDense) dense_ = CreateGeneralBlock(g);
    in_place_ = padded_.in_height == g.conv.in_height && padded_.in_width == g.conv.in_width &&
                g.conv.in_channels % kChannelPadding == 0;
    WorkspaceCarver forward(nullptr);
    CarveForward(forward);
    WorkspaceCarver backward(nullptr);
    CarveBackward(backward);
    workspace_bytes_ = std::max(forward.bytes(), backward.bytes());
    if (dense_ != nullptr) workspace_bytes_ = std::max(workspace_bytes_, dense_->workspace_bytes());
  }

  std::string Describe() const override {
    const char* backward = backward_ == BackwardMethod::kSparse   ? "sparse backward"
                           : backward_ == BackwardMethod::kNarrow ? "narrow sparse backward"
                                                                  : "dense backward";
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
      DirectConvWeights(padded_, weight, prepared);
    }
    const int oc = g_.conv.out_channels;
    float* padded_bias = prepared + forward_floats();
    std::fill(padded_bias, padded_bias + PadChannels(oc), 0.0f);
    if (bias != nullptr) std::copy(bias, bias + oc, padded_bias);
    float* backward = padded_bias + PadChannels(oc);
    if (backward_ == BackwardMethod::kSparse) SparseBackwardWeights(sparse_, weight, backward);
    if (backward_ == BackwardMethod::kDense) dense_->Prepare(weight, bias, backward);
  }

  void Forward(int n, const ConvBlockActivations& a, const float* prepared,
               void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const ForwardBuffers b = CarveForward(carver);
    std::fill(b.image, b.image + padded_floats(), 0.0f);
    if (winograd_) {
      for (int first = 0; first < n; first += group_) {
        WinogradGroup(first, std::min(group_, n - first), a, prepared, b);
      }
      return;
    }
    for (int image = 0; image < n; ++image) {
      const WinogradOutput o = OutputOf(a, image, prepared);
      DirectConvForward(direct_, Image(a.src, image, b.image), prepared, o.bias, o.dst, o.codes);
    }
  }

  void Backward(int n, const ConvBlockActivations& a, const float* prepared,
                const ConvBlockGradients& gradients, void* workspace) const override {
    const float* arranged = prepared + forward_floats() + PadChannels(g_.conv.out_channels);
    WorkspaceCarver carver(workspace);
    switch (backward_) {
      case BackwardMethod::kDense:
        dense_->Backward(n, a, arranged, gradients, workspace);
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
    float* image;     // one padded image
    float* inputs;    // winograd.h
    float* products;  // winograd.h
    float* scratch;   // winograd.h
  };

  struct BackwardBuffers {
    float* images;    // padded: of a group (sparse) or one
    float* d_images;  // likewise; only for sparse
    SparseBackwardBuffers sparse;
    NarrowBackwardBuffers narrow;
  };

  void InitWinograd() {
    shape_ = WinogradShapeOf(g_);
    group_ = static_cast<int>(std::clamp<int64_t>(kWinogradGroupBytes / WinogradImageBytes(shape_),
                                                  1, kMaxWinogradGroup));
  }

  // The geometry on the padded image, which holds the whole image and all that the kernels read.
  Conv2dGeometry PaddedGeometry() const {
    Conv2dGeometry p = g_.conv;
    const int height =
        winograd_ ? shape_.in_height() : (ConvRows(g_) - 1) * p.stride_height + p.kernel_height;
    const int width =
        winograd_ ? shape_.in_width() : (ConvColumns(g_) - 1) * p.stride_width + p.kernel_width;
    p.in_height = std::max(height, p.pad_top + p.in_height);
    p.in_width = std::max(width, p.pad_left + p.in_width);
    p.pad_top = 0;
    p.pad_left = 0;
    return p;
  }

  // Floats of a padded image, with what vectors may read beyond it.
  int64_t padded_floats() const {
    return int64_t{padded_.in_height} * padded_.in_width * padded_.in_channels + kChannelPadding;
  }
  int64_t padded_row() const { return int64_t{padded_.in_width} * padded_.in_channels; }

  int64_t forward_floats() const {
    return winograd_ ? shape_.WeightFloats() : DirectConvWeightFloats(padded_);
  }
  int64_t backward_floats() const {
    if (backward_ == BackwardMethod::kSparse) return SparseBackwardWeightFloats(sparse_);
    return backward_ == BackwardMethod::kDense ? dense_->prepared_floats() : 0;
  }

  ForwardBuffers CarveForward(WorkspaceCarver& carver) const {
    ForwardBuffers b = {};
    b.image = carver.Take<float>(padded_floats());
    if (!winograd_) return b;
    b.inputs = carver.Take<float>(shape_.places() * shape_.InputPlane(group_));
    b.products = carver.Take<float>(shape_.places() * shape_.ProductPlane(group_));
    b.scratch = carver.Take<float>(WinogradScratchFloats(shape_));
    return b;
  }

  BackwardBuffers CarveBackward(WorkspaceCarver& carver) const {
    BackwardBuffers b = {};
    if (backward_ == BackwardMethod::kNarrow) {
      b.images = carver.Take<float>(padded_floats());
      b.narrow = CarveNarrowBackward(narrow_, carver);
    } else if (backward_ == BackwardMethod::kSparse) {
      b.images = carver.Take<float>(sparse_.group * padded_floats());
      b.d_images = carver.Take<float>(sparse_.group * padded_floats());
      b.sparse = CarveSparseBackward(sparse_, carver);
    }
    return b;
  }

  // Returns the padded image: where it is, or a copy of it in `buffer`, whose border is 0.
  const float* Image(const ImageSource& source, int image, float* buffer) const {
    if (in_place_ && source.floats != nullptr) return source.floats + image * g_.in_floats();
    CopyImage(g_.conv, source, image, buffer, padded_row());
    return buffer;
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
    for (int i = 0; i < images; ++i) {
      WinogradInputs(shape_, images, i, Image(a.src, first + i, b.image), padded_row(), b.inputs);
    }
    WinogradProducts(shape_, images, b.inputs, prepared, b.products);
    for (int i = 0; i < images; ++i) {
      WinogradOutputs(shape_, images, i, b.products, OutputOf(a, first + i, prepared), b.scratch);
    }
  }

  void NarrowBackward(int n, const ConvBlockActivations& a, const ConvBlockGradients& gradients,
                      const BackwardBuffers& b) const {
    std::fill(b.images, b.images + padded_floats(), 0.0f);
    NarrowBackwardStart(narrow_, b.narrow);
    for (int image = 0; image < n; ++image) {
      NarrowBackwardImage(narrow_, Image(a.src, image, b.images), a.masks + image * mask_bytes(),
                          gradients.d_dst + image * g_.out_floats(), b.narrow);
    }
    NarrowBackwardFinish(narrow_, b.narrow, gradients.d_weight, gradients.d_bias);
  }

  void SparseBackward(int n, const ConvBlockActivations& a, const float* arranged,
                      const ConvBlockGradients& gradients, const BackwardBuffers& b) const {
    const bool in_place = in_place_ && a.src.floats != nullptr;
    if (!in_place) std::fill(b.images, b.images + sparse_.group * padded_floats(), 0.0f);
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
          CopyImage(g_.conv, a.src, first + i, b.images + i * sparse_.image_floats(), padded_row());
        }
      }
      SparseBackwardGroup(sparse_, images, src, arranged, a.masks + first * mask_bytes(),
                          gradients.d_dst + first * g_.out_floats(), d_src, b.sparse);
      if (!in_place && d_src != nullptr) {
        for (int i = 0; i < images; ++i) {
          CopyGradient(d_src + i * sparse_.image_floats(),
                       gradients.d_src + (first + i) * g_.in_floats());
        }
      }
    }
    SparseBackwardFinish(sparse_, b.sparse, gradients.d_weight, gradients.d_bias);
  }

  // From the middle of a padded image to an image.
  void CopyGradient(const float* padded, float* d_src) const {
    const int64_t row = int64_t{g_.conv.in_width} * g_.conv.in_channels;
    padded += g_.conv.pad_top * padded_row() + int64_t{g_.conv.pad_left} * g_.conv.in_channels;
    for (int h = 0; h < g_.conv.in_height; ++h) {
      std::copy(padded + h * padded_row(), padded + h * padded_row() + row, d_src + h * row);
    }
  }

  ConvBlockGeometry g_;
  bool winograd_;
  BackwardMethod backward_;
  WinogradShape shape_;
  int group_ = 1;
  Conv2dGeometry padded_;
  DirectConvShape direct_;
  NarrowBackwardShape narrow_;
  SparseBackwardShape sparse_;
  std::unique_ptr<ConvBlock> dense_;
  bool in_place_ = false;
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
  return SupportsSparseItems(g);
}

absl::Status SupportsDirectBlock(const ConvBlockGeometry& g) {
  const absl::Status fused = SupportsFused(g);
  return fused.ok() ? SupportsSparseItems(g) : fused;
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
