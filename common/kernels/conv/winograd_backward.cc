#include "common/kernels/conv/winograd_backward.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/kernels/conv/winograd_gradients.h"

namespace convoy::kernels {
namespace {

// The planes of a group, which products read in turn, stay in a second-level cache of 2 MiB.
constexpr int64_t kGroupFloats = 384 * 1024;
constexpr int kMaxGroup = 16;
constexpr int64_t kMaxWeightBytes = int64_t{16} << 20;

}  // namespace

WinogradBackward::WinogradBackward(const ConvBlockGeometry& g, const WinogradShape& shape,
                                   const PaddedImages& images)
    : g_(g), shape_(shape), images_(images) {
  const Conv2dGeometry& conv = g.conv;
  turned_ = ChooseWinogradShape(conv.in_height, conv.in_width, conv.out_channels, conv.in_channels);
  const int64_t image_floats = shape_.places() * (shape_.InputPlane(1) + shape_.ProductPlane(1)) +
                               turned_.places() * (turned_.InputPlane(1) + turned_.ProductPlane(1));
  group_ = static_cast<int>(std::clamp<int64_t>(kGroupFloats / image_floats, 1, kMaxGroup));
  // Output (0, 0) of the turned convolution is input (0, 0), which the first output's kernel
  // reaches with its row pad_top.
  const int top = 2 - conv.pad_top;
  const int left = 2 - conv.pad_left;
  gradient_height_ = std::max(turned_.in_height(), top + shape_.tiles_h * shape_.tile);
  gradient_width_ = std::max(turned_.in_width(), left + shape_.tiles_w * shape_.tile);
  gradient_start_ = top * gradient_row() + int64_t{left} * conv.out_channels;
  WorkspaceCarver carver(nullptr);
  Carve(carver);
  workspace_bytes_ = carver.bytes();
}

absl::Status WinogradBackward::Supports(const ConvBlockGeometry& g, const WinogradShape& shape) {
  if (g.conv.pad_top > 2 || g.conv.pad_left > 2) {
    return absl::UnimplementedError("the padding is wider than the kernel reaches");
  }
  const int64_t bytes = shape.WeightFloats() * static_cast<int64_t>(sizeof(float));
  if (bytes > kMaxWeightBytes) {
    return absl::UnimplementedError(absl::StrCat("the transformed weights' gradient needs ",
                                                 bytes >> 20, " MiB, more than ",
                                                 kMaxWeightBytes >> 20));
  }
  return absl::OkStatus();
}

int64_t WinogradBackward::prepared_floats() const {
  return g_.needs_d_src ? turned_.WeightFloats() + g_.weight_floats() : 0;
}

void WinogradBackward::Prepare(const float* weight, float* prepared) const {
  if (!g_.needs_d_src) return;
  float* turned = prepared + turned_.WeightFloats();
  TurnWeights(shape_.in_channels, shape_.out_channels, weight, turned);
  WinogradWeights(turned_, turned, prepared);
}

WinogradBackward::Buffers WinogradBackward::Carve(WorkspaceCarver& carver) const {
  Buffers b = {};
  b.image = carver.Take<float>(images_.BufferFloats(1));
  b.gradient = carver.Take<float>(gradient_floats());
  b.inputs = carver.Take<float>(shape_.places() * shape_.InputPlane(group_));
  b.d_products = carver.Take<float>(shape_.places() * shape_.ProductPlane(group_));
  b.d_transformed = carver.Take<float>(shape_.WeightFloats());
  b.d_bias = carver.Take<float>(PadChannels(shape_.out_channels));
  if (!g_.needs_d_src) return b;
  b.turned_inputs = carver.Take<float>(turned_.places() * turned_.InputPlane(group_));
  b.turned_products = carver.Take<float>(turned_.places() * turned_.ProductPlane(group_));
  b.scratch = carver.Take<float>(WinogradScratchFloats(turned_));
  return b;
}

void WinogradBackward::TransformImage(int images, int i, int image, const ConvBlockActivations& a,
                                      const ConvBlockGradients& gradients, const Buffers& b) const {
  const int64_t at = image * g_.out_floats();
  WinogradInputs(shape_, images, i, images_.Image(a.src, image, b.image), images_.row(), b.inputs);
  MaskGradients(g_.out_height(), g_.out_width(), shape_.out_channels, a.dst + at,
                gradients.d_dst + at, b.gradient + gradient_start_, gradient_row(), b.d_bias);
  WinogradOutputGradients(shape_, images, i, b.gradient + gradient_start_, gradient_row(),
                          b.d_products);
  if (gradients.d_src == nullptr) return;
  WinogradInputs(turned_, images, i, b.gradient, gradient_row(), b.turned_inputs);
}

void WinogradBackward::SrcGradients(int first, int images, const float* prepared, float* d_src,
                                    const Buffers& b) const {
  WinogradProducts(turned_, images, b.turned_inputs, prepared, b.turned_products);
  for (int i = 0; i < images; ++i) {
    WinogradOutput output;
    output.relu = false;
    output.height = g_.conv.in_height;
    output.width = g_.conv.in_width;
    output.dst = d_src + (first + i) * g_.in_floats();
    WinogradOutputs(turned_, images, i, b.turned_products, output, b.scratch);
  }
}

void WinogradBackward::Run(int n, const ConvBlockActivations& a, const float* prepared,
                           const ConvBlockGradients& gradients, void* workspace) const {
  WorkspaceCarver carver(workspace);
  const Buffers b = Carve(carver);
  std::fill(b.image, b.image + images_.BufferFloats(1), 0.0f);
  std::fill(b.gradient, b.gradient + gradient_floats(), 0.0f);
  std::fill(b.d_transformed, b.d_transformed + shape_.WeightFloats(), 0.0f);
  std::fill(b.d_bias, b.d_bias + PadChannels(shape_.out_channels), 0.0f);
  for (int first = 0; first < n; first += group_) {
    const int images = std::min(group_, n - first);
    for (int i = 0; i < images; ++i) TransformImage(images, i, first + i, a, gradients, b);
    WinogradWeightProducts(shape_, images, b.inputs, b.d_products, b.d_transformed);
    if (gradients.d_src != nullptr) SrcGradients(first, images, prepared, gradients.d_src, b);
  }
  WinogradWeightGradient(shape_, b.d_transformed, gradients.d_weight);
  if (gradients.d_bias != nullptr) {
    std::copy(b.d_bias, b.d_bias + shape_.out_channels, gradients.d_bias);
  }
}

}  // namespace convoy::kernels
