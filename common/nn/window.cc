#include "common/nn/window.h"

#include <algorithm>

#include "common/base/status.h"

namespace convoy::nn {
namespace {

absl::Status CheckSides(const Layer& layer, const std::string& what, Size2d size) {
  if (size.height >= 1 && size.height <= kMaxImageSide && size.width >= 1 &&
      size.width <= kMaxImageSide) {
    return absl::OkStatus();
  }
  return LayerError(layer, "$0 must be 1 to $1, not $2x$3", what, kMaxImageSide, size.height,
                    size.width);
}

}  // namespace

WindowAxis PlaceWindows(int input, int window, int stride, Padding padding) {
  if (padding == Padding::kValid) {
    return {.output = window > input ? 0 : (input - window) / stride + 1, .pad_before = 0};
  }
  const int output = (input + stride - 1) / stride;
  const int padding_total = std::max((output - 1) * stride + window - input, 0);
  return {.output = output, .pad_before = padding_total / 2};
}

absl::Status PlaceLayerWindows(const Layer& layer, std::string_view what, Size2d window,
                               Size2d strides, Padding padding, WindowAxis* vertical,
                               WindowAxis* horizontal) {
  const std::string label(what);
  if (layer.input.size() != 3) {
    return LayerError(layer,
                      "needs an image [height, width, channels], but its input is $0; put it "
                      "before the Flatten layer",
                      ShapeToString(layer.input));
  }
  CONVOY_RETURN_IF_ERROR(CheckSides(layer, label, window));
  CONVOY_RETURN_IF_ERROR(CheckSides(layer, "strides", strides));
  const auto height = static_cast<int>(layer.input[0]);
  const auto width = static_cast<int>(layer.input[1]);
  if (padding == Padding::kValid && (window.height > height || window.width > width)) {
    return LayerError(layer,
                      "$0 $1x$2 is larger than its input $3x$4; use a smaller one or padding: SAME",
                      label, window.height, window.width, height, width);
  }
  *vertical = PlaceWindows(height, window.height, strides.height, padding);
  *horizontal = PlaceWindows(width, window.width, strides.width, padding);
  return absl::OkStatus();
}

}  // namespace convoy::nn
