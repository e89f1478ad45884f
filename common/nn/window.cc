#include "common/nn/window.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace convoy::nn {
namespace {

absl::Status CheckSides(const Layer& layer, const std::string& what, Size2d size) {
  if (size.height >= 1 && size.height <= kMaxImageSide && size.width >= 1 &&
      size.width <= kMaxImageSide) {
    return absl::OkStatus();
  }
  return LayerError(layer, absl::StrCat(what, " must be 1 to ", kMaxImageSide, ", not ",
                                        size.height, "x", size.width));
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
    return LayerError(
        layer, absl::StrCat("needs an image [height, width, channels], but its input is ",
                            ShapeToString(layer.input), "; put it before the Flatten layer"));
  }
  CONVOY_RETURN_IF_ERROR(CheckSides(layer, label, window));
  CONVOY_RETURN_IF_ERROR(CheckSides(layer, "strides", strides));
  const auto height = static_cast<int>(layer.input[0]);
  const auto width = static_cast<int>(layer.input[1]);
  if (padding == Padding::kValid && (window.height > height || window.width > width)) {
    return LayerError(layer, absl::StrCat(label, " ", window.height, "x", window.width,
                                          " is larger than its input ", height, "x", width,
                                          "; use a smaller one or padding: SAME"));
  }
  *vertical = PlaceWindows(height, window.height, strides.height, padding);
  *horizontal = PlaceWindows(width, window.width, strides.width, padding);
  return absl::OkStatus();
}

}  // namespace convoy::nn
