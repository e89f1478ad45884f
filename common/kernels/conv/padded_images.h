// Images with a border of zeros, as the kernels of fused blocks read them: in place where the
// images need none, else copied into a buffer one by one.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/conv/image_source.h"
#include "common/kernels/simd/channel_padding.h"

namespace convoy::kernels {

// Immutable.
class PaddedImages {
 public:
  PaddedImages() = default;

  // Padded images hold the whole image of `conv` behind its padding, and at least height x width
  // pixels.
  PaddedImages(const Conv2dGeometry& conv, int height, int width) : conv_(conv), padded_(conv) {
    padded_.in_height = std::max(height, conv.pad_top + conv.in_height);
    padded_.in_width = std::max(width, conv.pad_left + conv.in_width);
    padded_.pad_top = 0;
    padded_.pad_left = 0;
    in_place_ = padded_.in_height == conv.in_height && padded_.in_width == conv.in_width &&
                conv.in_channels % kChannelPadding == 0;
  }

  // Returns the convolution on padded images.
  const Conv2dGeometry& geometry() const { return padded_; }
  // Returns floats from one row of a padded image to the next.
  int64_t row() const { return int64_t{padded_.in_width} * padded_.in_channels; }
  // Returns floats of a padded image.
  int64_t floats() const { return padded_.in_height * row(); }
  // Returns floats of a buffer for `images` of them, with what vectors may read beyond.
  int64_t BufferFloats(int images) const { return images * floats() + kChannelPadding; }

  // Sets a buffer for `images` of them to 0, so that the borders are.
  void Clear(int images, float* buffer) const { std::fill_n(buffer, BufferFloats(images), 0.0f); }

  bool InPlace(const ImageSource& source) const { return in_place_ && source.floats != nullptr; }

  // Returns padded image `image`: where it is, or a copy in `buffer`, which holds zeros or an
  // earlier copy.
  const float* Image(const ImageSource& source, int image, float* buffer) const {
    if (InPlace(source)) return source.floats + image * floats();
    CopyImage(conv_, source, image, buffer, row());
    return buffer;
  }

  // From the middle of a padded image to an image.
  void CopyInside(const float* padded, float* image) const {
    const int64_t image_row = int64_t{conv_.in_width} * conv_.in_channels;
    padded += conv_.pad_top * row() + int64_t{conv_.pad_left} * conv_.in_channels;
    for (int h = 0; h < conv_.in_height; ++h, padded += row(), image += image_row) {
      std::copy(padded, padded + image_row, image);
    }
  }

 private:
  Conv2dGeometry conv_;
  Conv2dGeometry padded_;
  bool in_place_ = false;
};

}  // namespace convoy::kernels
