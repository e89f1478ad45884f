#include "common/kernels/conv/block.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace convoy::kernels {

ConvBlock::ConvBlock(const ConvBlockGeometry& geometry, std::unique_ptr<ConvForward> forward,
                     std::unique_ptr<ConvBackward> backward, std::vector<std::string> declined)
    : geometry_(geometry),
      forward_(std::move(forward)),
      backward_(std::move(backward)),
      declined_(std::move(declined)) {}

std::string ConvBlock::Describe() const {
  return absl::StrCat(forward_->Describe(), ", ", backward_->Describe());
}

// `prepared` is the forward pass's weights, the padded bias, the backward pass's weights.
int64_t ConvBlock::backward_offset() const {
  return forward_->prepared_floats() + PadChannels(geometry_.conv.out_channels);
}

int64_t ConvBlock::prepared_floats() const {
  return backward_offset() + backward_->prepared_floats();
}

int64_t ConvBlock::workspace_bytes() const {
  return std::max(forward_->workspace_bytes(), backward_->workspace_bytes());
}

void ConvBlock::Prepare(const float* weight, const float* bias, float* prepared) const {
  forward_->Prepare(weight, prepared);
  const int channels = geometry_.conv.out_channels;
  float* padded_bias = prepared + forward_->prepared_floats();
  std::fill(padded_bias, padded_bias + PadChannels(channels), 0.0f);
  if (bias != nullptr) std::copy(bias, bias + channels, padded_bias);
  backward_->Prepare(weight, prepared + backward_offset());
}

void ConvBlock::Forward(int n, const ConvBlockActivations& activations, const float* prepared,
                        void* workspace) const {
  const int group = forward_->group();
  const float* bias = prepared + forward_->prepared_floats();
  forward_->Start(workspace);
  for (int first = 0; first < n; first += group) {
    const ImageGroup images = {first, std::min(group, n - first)};
    FetchNext(images, n, group, activations.src);
    forward_->Run(images, activations, prepared, bias, workspace);
  }
}

void ConvBlock::Backward(int n, const ConvBlockActivations& activations, const float* prepared,
                         const ConvBlockGradients& gradients, void* workspace) const {
  const int group = backward_->group();
  backward_->Start(workspace);
  for (int first = 0; first < n; first += group) {
    const ImageGroup images = {first, std::min(group, n - first)};
    FetchNext(images, n, group, activations.src);
    backward_->AddImages(images, activations, prepared + backward_offset(), gradients, workspace);
  }
  backward_->Finish(gradients, workspace);
}

void ConvBlock::FetchNext(ImageGroup images, int n, int group, const ImageSource& source) const {
  const int next = images.first + images.count;
  const int end = next + std::min(group, n - next);
  for (int image = next; image < end; ++image) FetchImage(geometry_.conv, source, image);
}

}  // namespace convoy::kernels
