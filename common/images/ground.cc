// What is thin vanishes in a morphological closing (of light ink: an opening) by a square that is
// wider, and everything wide stays as it is, sharp edges too: the closing is the ground. Light is a
// factor, so the difference is taken as a share of the ground, and one threshold does for the
// bright part of a picture and the dark one. Source: Serra, "Image Analysis and Mathematical
// Morphology", 1982 (the top-hat transform).
#include "common/images/ground.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace convoy::images {
namespace {

// What is added to the ground before it divides: black has noise, too.
constexpr float kBlack = 32;

Plane Transpose(const Plane& src) {
  Plane dst{src.height, src.width, std::vector<float>(src.values.size())};
  for (int y = 0; y < src.height; ++y) {
    for (int x = 0; x < src.width; ++x) dst.at(y, x) = src.at(x, y);
  }
  return dst;
}

Plane WithHeight(const Plane& like, int height) {
  return {like.width, height, std::vector<float>(static_cast<size_t>(like.width) * height)};
}

// Sets each value of a row to f(a, b) of two rows.
template <typename F>
void SetRow(const F& f, const Plane& src, int a, int b, Plane* dst, int y) {
  const auto width = static_cast<size_t>(src.width);
  const float* const row_a = src.values.data() + static_cast<size_t>(a) * width;
  const float* const row_b = src.values.data() + static_cast<size_t>(b) * width;
  float* const row = dst->values.data() + static_cast<size_t>(y) * width;
  for (size_t x = 0; x < width; ++x) row[x] = f(row_a[x], row_b[x]);
}

// The extreme of each `window` rows, the first of them in the row of the first. Windows grow by
// doubling.
template <typename F>
Plane ExtremeOfRows(Plane src, int window, const F& f) {
  int done = 1;
  for (; 2 * done <= window; done *= 2) {
    for (int y = 0; y + done < src.height; ++y) SetRow(f, src, y, y + done, &src, y);
  }
  Plane dst = WithHeight(src, src.height - window + 1);
  for (int y = 0; y < dst.height; ++y) SetRow(f, src, y, y + window - done, &dst, y);
  return dst;
}

Plane ExtremeOfRows(Plane src, int window, bool largest) {
  const auto smaller = [](float a, float b) { return a < b ? a : b; };
  const auto larger = [](float a, float b) { return a > b ? a : b; };
  return largest ? ExtremeOfRows(std::move(src), window, larger)
                 : ExtremeOfRows(std::move(src), window, smaller);
}

// Adds rows above and below. What gets darker (lighter) towards the edge goes on doing so, at the
// same rate; otherwise a corner in a vignette would be a dark spot. What does not stays as it is.
Plane PadRows(const Plane& src, int rows, bool dark) {
  Plane dst = WithHeight(src, src.height + 2 * rows);
  const auto onward = [dark](float edge, float inner) {
    const float ratio = (edge + 1) / (inner + 1);
    return std::min(edge * (dark ? std::min(ratio, 1.0f) : std::max(ratio, 1.0f)), 255.0f);
  };
  for (int y = 0; y < dst.height; ++y) {
    const int edge = std::clamp(y - rows, 0, src.height - 1);
    const int inner = std::clamp(2 * edge - (y - rows), 0, src.height - 1);
    SetRow(onward, src, edge, inner, &dst, y);
  }
  return dst;
}

// The closing of the picture, or its opening.
Plane Ground(const Plane& picture, bool dark, int radius) {
  const int window = 2 * radius + 1;
  Plane plane = ExtremeOfRows(PadRows(picture, 2 * radius, dark), window, dark);
  plane = PadRows(Transpose(plane), 2 * radius, dark);
  plane = ExtremeOfRows(ExtremeOfRows(std::move(plane), window, dark), window, !dark);
  return ExtremeOfRows(Transpose(plane), window, !dark);
}

// The median of each three rows: takes single pixels of noise away and leaves edges.
Plane MedianOfRows(const Plane& src) {
  Plane dst = src;
  for (int y = 1; y + 1 < src.height; ++y) {
    for (int x = 0; x < src.width; ++x) {
      const float a = src.at(x, y - 1);
      const float b = src.at(x, y + 1);
      dst.at(x, y) = std::clamp(src.at(x, y), std::min(a, b), std::max(a, b));
    }
  }
  return dst;
}

float Median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float Share(float value, float ground, bool dark) {
  return (dark ? ground - value : value - ground) / (ground + kBlack);
}

Plane Extreme(const Plane& src, int radius, bool largest) {
  const auto rows = [&](const Plane& plane) {
    Plane padded = WithHeight(plane, plane.height + 2 * radius);
    for (int y = 0; y < padded.height; ++y) {
      const int from = std::clamp(y - radius, 0, plane.height - 1);
      SetRow([](float a, float) { return a; }, plane, from, from, &padded, y);
    }
    return ExtremeOfRows(std::move(padded), 2 * radius + 1, largest);
  };
  return Transpose(rows(Transpose(rows(src))));
}

Plane SmoothRows(const Plane& src) {
  Plane dst = src;
  for (int y = 1; y + 1 < src.height; ++y) {
    for (int x = 0; x < src.width; ++x) {
      dst.at(x, y) = 0.25f * (src.at(x, y - 1) + 2 * src.at(x, y) + src.at(x, y + 1));
    }
  }
  return dst;
}

}  // namespace

Plane Largest(const Plane& src, int radius) { return Extreme(src, radius, true); }

Plane Smallest(const Plane& src, int radius) { return Extreme(src, radius, false); }

Plane Smooth(const Plane& src) { return Transpose(SmoothRows(Transpose(SmoothRows(src)))); }

Flattened Flatten(const Plane& picture, bool dark, int radius) {
  constexpr int kBlur = 100;  // the picture's larger side over how wide edges may be
  constexpr int kRim = 200;   // and over how far the ground reaches beyond its edges
  Flattened flat{.ink = picture,
                 .calm = Transpose(MedianOfRows(Transpose(MedianOfRows(picture)))),
                 .dark = dark};
  // What is left of a slanting edge between two grounds is as thin as the edge is blurred.
  const int rim = std::max(picture.width, picture.height) / kRim;
  flat.ground = Extreme(Ground(flat.calm, dark, radius), rim, !dark);
  flat.blur = std::max(2, std::max(picture.width, picture.height) / kBlur);
  for (size_t i = 0; i < flat.ink.values.size(); ++i) {
    flat.ink.values[i] = Share(picture.values[i], flat.ground.values[i], dark);
  }
  // The ground lies at the edge of the noise, not in the middle of it.
  flat.offset = Median(flat.ink.values);
  std::vector<float> deviation;
  for (float& value : flat.ink.values) deviation.push_back(std::abs(value -= flat.offset));
  constexpr float kOfMedian = 1.4826f;  // a normal distribution's deviation over its median's
  flat.noise = kOfMedian * Median(std::move(deviation));
  return flat;
}

float Flattened::InkThere(int x, int y, int other_x, int other_y) const {
  return Share(calm.at(other_x, other_y), ground.at(x, y), dark) - offset;
}

}  // namespace convoy::images
