#include "common/exports/onnx/onnx_arrays.h"

#include <cmath>

namespace convoy::exports {
namespace {

constexpr double kMostElems = 1 << 30;

absl::Status Refuse(const char* why) { return absl::InvalidArgumentError(why); }

// The sizes that an array of whole numbers says.
std::vector<int64_t> ToSizes(const OnnxArray& numbers) {
  std::vector<int64_t> sizes;
  for (const double number : numbers.values) sizes.push_back(static_cast<int64_t>(number));
  return sizes;
}

}  // namespace

absl::StatusOr<OnnxArray> AddArrays(const OnnxArray& src, const OnnxArray& other) {
  if (src.shape != other.shape) return Refuse("adds arrays of different shapes");
  OnnxArray dst = src;
  for (size_t i = 0; i < dst.values.size(); ++i) dst.values[i] += other.values[i];
  return dst;
}

absl::StatusOr<OnnxArray> ReshapeArray(const OnnxArray& src, const OnnxArray& shape) {
  OnnxArray dst = src;
  dst.shape = ToSizes(shape);
  int64_t known = 1;
  int64_t* open = nullptr;
  for (size_t axis = 0; axis < dst.shape.size(); ++axis) {
    int64_t& size = dst.shape[axis];
    if (size == 0 && axis < src.shape.size()) size = src.shape[axis];
    if (size < -1 || (size == -1 && open != nullptr)) return Refuse("has no shape");
    if (size == -1) {
      open = &size;
    } else {
      known *= size;
    }
    if (known < 0 || static_cast<double>(known) > kMostElems) return Refuse("has no shape");
  }
  const auto elems = static_cast<int64_t>(src.values.size());
  if (open != nullptr && known > 0) {
    *open = elems / known;
    known *= *open;
  }
  if (known != elems) return Refuse("has a shape that does not fit");
  return dst;
}

absl::StatusOr<OnnxArray> PadImages(const OnnxArray& src, const OnnxArray& pads) {
  const std::vector<int64_t> sides = ToSizes(pads);
  if (src.shape.size() != 4 || sides.size() != 8) return Refuse("pads no images");
  for (size_t i = 0; i < sides.size(); ++i) {
    if (sides[i] < 0 || sides[i] > 4096 || (i % 4 < 2 && sides[i] != 0)) {
      return Refuse("pads what is no side of images");
    }
  }
  const int64_t height = src.shape[2] + sides[2] + sides[6];
  const int64_t width = src.shape[3] + sides[3] + sides[7];
  const int64_t planes = src.shape[0] * src.shape[1];
  if (static_cast<double>(planes) * static_cast<double>(height * width) > kMostElems) {
    return Refuse("makes too large an array");
  }
  OnnxArray dst{{src.shape[0], src.shape[1], height, width},
                std::vector<double>(static_cast<size_t>(planes * height * width))};
  size_t from = 0;
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t y = 0; y < src.shape[2]; ++y) {
      for (int64_t x = 0; x < src.shape[3]; ++x) {
        const int64_t to = (plane * height + y + sides[2]) * width + x + sides[3];
        dst.values[static_cast<size_t>(to)] = src.values[from++];
      }
    }
  }
  return dst;
}

absl::StatusOr<OnnxArray> NormalizeInstances(const OnnxArray& src, const OnnxArray& scale,
                                             const OnnxArray& bias, double epsilon) {
  if (src.shape.size() < 3 || src.shape[0] * src.shape[1] == 0 ||
      scale.shape != Shape{src.shape[1]} || bias.shape != Shape{src.shape[1]}) {
    return Refuse("has no scale and bias for each channel");
  }
  OnnxArray dst = src;
  const auto channels = static_cast<size_t>(src.shape[1]);
  const size_t places = src.values.size() / (static_cast<size_t>(src.shape[0]) * channels);
  for (size_t row = 0; row * places < src.values.size(); ++row) {
    double* values = dst.values.data() + row * places;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < places; ++i) sum += values[i];
    const double mean = sum / static_cast<double>(places);
    for (size_t i = 0; i < places; ++i) squares += (values[i] - mean) * (values[i] - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(places) + epsilon);
    for (size_t i = 0; i < places; ++i) {
      values[i] = (values[i] - mean) / deviation * scale.values[row % channels] +
                  bias.values[row % channels];
    }
  }
  return dst;
}

}  // namespace convoy::exports
