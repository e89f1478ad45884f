// Where the windows of convolutions and pools lie in an image, by Keras's (TensorFlow's) rules.
#pragma once

#include "common/nn/layer.h"
#include "common/nn/model_spec.h"

namespace convoy::nn {

// The largest side of an image, and so of a window and of a stride that make sense.
inline constexpr int kMaxImageSide = 4096;

// One axis of an image.
struct WindowAxis {
  int output = 0;      // windows along the axis
  int pad_before = 0;  // zeros before the first element
};

// Returns the windows of `window` elements, `stride` apart, on `input` elements:
//   valid: output = (input - window) / stride + 1, rounded down; 0 where the window is larger
//   same:  output = input / stride, rounded up; the padding is split evenly, the odd one behind
// REQUIRES: input, window and stride > 0.
WindowAxis PlaceWindows(int input, int window, int stride, Padding padding);

// Checks the window of `layer`, called `what` in messages, against its input, and returns its
// placement. Returns INVALID_ARGUMENT, naming the layer: the input is no image, a size is not from
// 1 to kMaxImageSide, or the window is larger than the image.
absl::Status PlaceLayerWindows(const Layer& layer, std::string_view what, Size2d window,
                               Size2d strides, Padding padding, WindowAxis* vertical,
                               WindowAxis* horizontal);

}  // namespace convoy::nn
