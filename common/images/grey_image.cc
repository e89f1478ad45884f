#include "common/images/grey_image.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/check.h"

namespace convoy::images {
namespace {

// The source pixels that one destination pixel is made of, along one axis.
struct Tap {
  int first = 0;
  std::vector<float> weights;  // they add up to 1
};

Tap AreaTap(double begin, double end, int size) {
  Tap tap;
  tap.first = std::min(static_cast<int>(begin), size - 1);
  const int last = std::min(static_cast<int>(std::ceil(end)), size);
  for (int i = tap.first; i < std::max(last, tap.first + 1); ++i) {
    const double covered = std::min<double>(end, i + 1) - std::max<double>(begin, i);
    tap.weights.push_back(static_cast<float>(std::max(covered, 0.0) / (end - begin)));
  }
  return tap;
}

Tap LinearTap(double center, int size) {
  const double position = std::clamp(center - 0.5, 0.0, size - 1.0);
  const int first = std::min(static_cast<int>(position), std::max(size - 2, 0));
  const auto fraction = static_cast<float>(position - first);
  if (size == 1) return {.first = 0, .weights = {1}};
  return {.first = first, .weights = {1 - fraction, fraction}};
}

// The taps of an axis: `size` source pixels from `offset` on become `dst_size`.
std::vector<Tap> Taps(int offset, int size, int dst_size) {
  const double step = static_cast<double>(size) / dst_size;
  std::vector<Tap> taps;
  for (int i = 0; i < dst_size; ++i) {
    Tap tap =
        step >= 1 ? AreaTap(i * step, (i + 1) * step, size) : LinearTap((i + 0.5) * step, size);
    tap.first += offset;
    taps.push_back(std::move(tap));
  }
  return taps;
}

template <typename Source>
Plane ResampleAny(const Source& src, const Box& box, int width, int height) {
  CONVOY_CHECK(box.x >= 0 && box.y >= 0 && box.width >= 1 && box.height >= 1);
  CONVOY_CHECK(box.x + box.width <= src.width && box.y + box.height <= src.height);
  CONVOY_CHECK(width >= 1 && height >= 1);
  const std::vector<Tap> columns = Taps(box.x, box.width, width);
  const std::vector<Tap> rows = Taps(box.y, box.height, height);
  Plane dst{width, height, std::vector<float>(static_cast<size_t>(width) * height)};
  std::vector<float> line(static_cast<size_t>(src.width));
  for (int y = 0; y < height; ++y) {
    const Tap& row = rows[static_cast<size_t>(y)];
    std::fill(line.begin(), line.end(), 0.0f);
    for (size_t i = 0; i < row.weights.size(); ++i) {
      for (int x = box.x; x < box.x + box.width; ++x) {
        const auto value = static_cast<float>(src.at(x, row.first + static_cast<int>(i)));
        line[static_cast<size_t>(x)] += row.weights[i] * value;
      }
    }
    for (int x = 0; x < width; ++x) {
      const Tap& column = columns[static_cast<size_t>(x)];
      float sum = 0;
      for (size_t i = 0; i < column.weights.size(); ++i) {
        sum += column.weights[i] * line[static_cast<size_t>(column.first) + i];
      }
      dst.at(x, y) = sum;
    }
  }
  return dst;
}

}  // namespace

Plane Resample(const Plane& src, const Box& box, int width, int height) {
  return ResampleAny(src, box, width, height);
}

Plane Resample(const GreyImage& src, const Box& box, int width, int height) {
  return ResampleAny(src, box, width, height);
}

Plane ToPlane(const GreyImage& image) {
  return {image.width, image.height, {image.pixels.begin(), image.pixels.end()}};
}

}  // namespace convoy::images
