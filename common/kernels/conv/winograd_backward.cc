// The backward pass by Winograd's method, a group of images at a time. d_weight comes from the
// forward pass's tiles, by the transposes of its steps. d_src is itself a convolution with stride
// 1: of the output gradients, with a border of zeros, with the flipped weights; so it goes through
// the forward steps with tiles of its own.
#include "common/kernels/conv/winograd_backward.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/kernels/conv/winograd_gradients.h"
#include "common/kernels/simd/workspace.h"

namespace convoy::kernels {
namespace {

// The planes of a group, which products read in turn, stay in a second-level cache of 2 MiB.
constexpr int64_t kGroupFloats = 384 * 1024;
constexpr int kMaxGroup = 32;
constexpr int64_t kMaxWeightBytes = int64_t{64} << 20;

class WinogradBackward final : public ConvBackward {
 public:
  WinogradBackward(const ConvBlockGeometry& g, const WinogradShape& shape,
                   const PaddedImages& images)
      : g_(g), shape_(shape), images_(images) {
    CONVOY_CHECK(!g.pooled);
    const Conv2dGeometry& conv = g.conv;
    flipped_ =
        ChooseWinogradShape(conv.in_height, conv.in_width, conv.out_channels, conv.in_channels);
    const int64_t image_floats =
        shape_.elements() * (shape_.InputPlane(1) + shape_.ProductPlane(1)) +
        flipped_.elements() * (flipped_.InputPlane(1) + flipped_.ProductPlane(1));
    // Every group reads all weights, and reads and writes their gradient. Where these are larger
    // than the cache, more images share that, though their planes then do not stay there either.
    group_ = static_cast<int>(std::clamp<int64_t>(
        std::max(kGroupFloats, shape_.WeightFloats()) / image_floats, 1, kMaxGroup));
    // Output (0, 0) of the flipped convolution is input (0, 0), which the first output's window
    // reaches with its row pad_top.
    const int top = 2 - conv.pad_top;
    const int left = 2 - conv.pad_left;
    gradient_height_ = std::max(flipped_.in_height(), top + shape_.tiles_h * shape_.tile);
    gradient_width_ = std::max(flipped_.in_width(), left + shape_.tiles_w * shape_.tile);
    gradient_start_ = top * gradient_row() + int64_t{left} * conv.out_channels;
  }

  std::string Describe() const override { return "dense backward by winograd"; }
  int64_t prepared_floats() const override {
    return g_.needs_d_src ? flipped_.WeightFloats() + g_.weight_floats() : 0;
  }
  int64_t workspace_bytes() const override {
    WorkspaceCarver carver(nullptr);
    Carve(carver);
    return carver.bytes();
  }
  int group() const override { return group_; }

  void Prepare(const float* weight, float* prepared) const override {
    if (!g_.needs_d_src) return;
    float* flipped = prepared + flipped_.WeightFloats();
    FlipWeights(shape_.in_channels, shape_.out_channels, weight, flipped);
    WinogradWeights(flipped_, flipped, prepared);
  }

  void Start(void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    images_.Clear(1, b.image);
    std::fill_n(b.gradient, gradient_floats(), 0.0f);
    std::fill_n(b.d_transformed, shape_.WeightFloats(), 0.0f);
    std::fill_n(b.d_bias, PadChannels(shape_.out_channels), 0.0f);
  }

  void AddImages(ImageGroup images, const ConvBlockActivations& a, const float* prepared,
                 const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    for (int i = 0; i < images.count; ++i) TransformImage(images, i, a, gradients, b);
    WinogradWeightProducts(shape_, images.count, b.inputs, b.d_products, b.d_transformed);
    if (gradients.d_src != nullptr) SrcGradients(images, prepared, gradients.d_src, b);
  }

  void Finish(const ConvBlockGradients& gradients, void* workspace) const override {
    WorkspaceCarver carver(workspace);
    const Buffers b = Carve(carver);
    WinogradWeightGradient(shape_, b.d_transformed, gradients.d_weight);
    if (gradients.d_bias == nullptr) return;
    std::copy_n(b.d_bias, shape_.out_channels, gradients.d_bias);
  }

 private:
  struct Buffers {
    float* image;           // one padded image
    float* gradient;        // one image's output gradients with their border
    float* inputs;          // a group's inputs, transformed
    float* d_products;      // a group's output gradients, transformed for d_weight
    float* flipped_inputs;  // and for d_src
    float* flipped_products;
    float* scratch;
    float* d_transformed;  // sums over the batch
    float* d_bias;
  };

  Buffers Carve(WorkspaceCarver& carver) const {
    Buffers b = {};
    b.image = carver.Take<float>(images_.BufferFloats(1));
    b.gradient = carver.Take<float>(gradient_floats());
    b.inputs = carver.Take<float>(shape_.elements() * shape_.InputPlane(group_));
    b.d_products = carver.Take<float>(shape_.elements() * shape_.ProductPlane(group_));
    b.d_transformed = carver.Take<float>(shape_.WeightFloats());
    b.d_bias = carver.Take<float>(PadChannels(shape_.out_channels));
    if (!g_.needs_d_src) return b;
    b.flipped_inputs = carver.Take<float>(flipped_.elements() * flipped_.InputPlane(group_));
    b.flipped_products = carver.Take<float>(flipped_.elements() * flipped_.ProductPlane(group_));
    b.scratch = carver.Take<float>(WinogradScratchFloats(flipped_));
    return b;
  }

  int64_t gradient_row() const { return int64_t{gradient_width_} * shape_.out_channels; }
  int64_t gradient_floats() const { return gradient_height_ * gradient_row() + kChannelPadding; }

  // Transforms the inputs and output gradients of the group's image `i`.
  void TransformImage(ImageGroup images, int i, const ConvBlockActivations& a,
                      const ConvBlockGradients& gradients, const Buffers& b) const {
    const int image = images.first + i;
    const int64_t at = image * g_.out_floats();
    WinogradInputs(shape_, images.count, i, images_.Image(a.src, image, b.image), images_.row(),
                   b.inputs);
    MaskWithBias(g_.out_height(), g_.out_width(), shape_.out_channels,
                 g_.relu ? a.dst + at : nullptr, gradients.d_dst + at, b.gradient + gradient_start_,
                 gradient_row(), b.d_bias);
    WinogradOutputGradients(shape_, images.count, i, b.gradient + gradient_start_, gradient_row(),
                            b.d_products);
    if (gradients.d_src == nullptr) return;
    WinogradInputs(flipped_, images.count, i, b.gradient, gradient_row(), b.flipped_inputs);
  }

  void SrcGradients(ImageGroup images, const float* prepared, float* d_src,
                    const Buffers& b) const {
    WinogradProducts(flipped_, images.count, b.flipped_inputs, prepared, b.flipped_products);
    for (int i = 0; i < images.count; ++i) {
      WinogradOutput output;
      output.relu = false;
      output.height = g_.conv.in_height;
      output.width = g_.conv.in_width;
      output.dst = d_src + (images.first + i) * g_.in_floats();
      WinogradOutputs(flipped_, images.count, i, b.flipped_products, output, b.scratch);
    }
  }

  ConvBlockGeometry g_;
  WinogradShape shape_;
  WinogradShape flipped_;  // of d_src
  PaddedImages images_;
  int group_ = 1;
  int gradient_height_ = 0;  // with the border that d_src needs
  int gradient_width_ = 0;
  int64_t gradient_start_ = 0;  // floats before the first output's
};

}  // namespace

absl::Status SupportsWinogradBackward(const ConvBlockGeometry& g, const WinogradShape& shape) {
  if (g.conv.pad_top > 2 || g.conv.pad_left > 2) {
    return absl::UnimplementedError("the padding is wider than the window reaches");
  }
  const int64_t bytes = shape.WeightFloats() * static_cast<int64_t>(sizeof(float));
  if (bytes <= kMaxWeightBytes) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("the transformed weights' gradient needs ",
                                               bytes >> 20, " MiB, more than ",
                                               kMaxWeightBytes >> 20));
}

std::unique_ptr<ConvBackward> CreateWinogradBackward(const ConvBlockGeometry& g,
                                                     const WinogradShape& shape,
                                                     const PaddedImages& images) {
  return std::make_unique<WinogradBackward>(g, shape, images);
}

}  // namespace convoy::kernels
