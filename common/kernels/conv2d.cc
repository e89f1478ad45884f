#include "common/kernels/conv2d.h"

#include <algorithm>
#include <cstring>

#include "common/base/check.h"
#include "common/kernels/gemm.h"

namespace convoy::kernels {
namespace {

// Columns of one group fill at most half of a 1 MiB L2 cache where more than one image fits.
constexpr int64_t kMaxColumnFloats = 128 * 1024;
constexpr int64_t kMaxGroup = 8;

struct Sizes {
  int64_t src;     // floats of one input image
  int64_t dst;     // floats of one output image
  int64_t pixels;  // OH * OW: rows of columns of one image
  int64_t row;     // KH * KW * IC: length of a row of columns
  int64_t group;   // images unrolled at once
};

Sizes SizesOf(const Conv2dGeometry& g) {
  Sizes s;
  s.src = int64_t{g.in_height} * g.in_width * g.in_channels;
  s.pixels = int64_t{g.out_height} * g.out_width;
  s.dst = s.pixels * g.out_channels;
  s.row = int64_t{g.kernel_height} * g.kernel_width * g.in_channels;
  s.group = std::clamp<int64_t>(kMaxColumnFloats / (s.pixels * s.row), 1, kMaxGroup);
  return s;
}

// The part [begin, end) of a kernel's row or column that lies inside the image when its first
// element is at `first`.
struct Inside {
  int begin;
  int end;
};

Inside ClipTap(int first, int kernel, int in_size) {
  const int begin = std::clamp(-first, 0, kernel);
  return {begin, std::max(begin, std::min(kernel, in_size - first))};
}

// Fills columns[OH * OW, KH, KW, IC] from one image.
void ImageToColumns(const Conv2dGeometry& g, const float* src, float* columns) {
  const int64_t ic = g.in_channels;
  const int64_t kernel_row = g.kernel_width * ic;
  for (int oh = 0; oh < g.out_height; ++oh) {
    const int ih = oh * g.stride_height - g.pad_top;
    const Inside rows = ClipTap(ih, g.kernel_height, g.in_height);
    for (int ow = 0; ow < g.out_width; ++ow) {
      const int iw = ow * g.stride_width - g.pad_left;
      const Inside cols = ClipTap(iw, g.kernel_width, g.in_width);
      const bool whole = cols.begin == 0 && cols.end == g.kernel_width;
      for (int kh = 0; kh < g.kernel_height; ++kh, columns += kernel_row) {
        const bool row_inside = kh >= rows.begin && kh < rows.end;
        if (!row_inside || !whole) std::memset(columns, 0, kernel_row * sizeof(float));
        if (!row_inside) continue;
        const float* from = src + ((ih + kh) * int64_t{g.in_width} + iw + cols.begin) * ic;
        std::memcpy(columns + cols.begin * ic, from, (cols.end - cols.begin) * ic * sizeof(float));
      }
    }
  }
}

// Adds columns[OH * OW, KH, KW, IC] into one image: the transpose of ImageToColumns.
void AddColumnsToImage(const Conv2dGeometry& g, const float* columns, float* src) {
  const int64_t ic = g.in_channels;
  const int64_t kernel_row = g.kernel_width * ic;
  for (int oh = 0; oh < g.out_height; ++oh) {
    const int ih = oh * g.stride_height - g.pad_top;
    const Inside rows = ClipTap(ih, g.kernel_height, g.in_height);
    for (int ow = 0; ow < g.out_width; ++ow, columns += g.kernel_height * kernel_row) {
      const int iw = ow * g.stride_width - g.pad_left;
      const Inside cols = ClipTap(iw, g.kernel_width, g.in_width);
      for (int kh = rows.begin; kh < rows.end; ++kh) {
        const float* from = columns + kh * kernel_row + cols.begin * ic;
        float* to = src + ((ih + kh) * int64_t{g.in_width} + iw + cols.begin) * ic;
        for (int64_t i = 0; i < (cols.end - cols.begin) * ic; ++i) to[i] += from[i];
      }
    }
  }
}

void FillRows(int64_t rows, int64_t row, const float* value, float* dst) {
  for (int64_t r = 0; r < rows; ++r) std::memcpy(dst + r * row, value, row * sizeof(float));
}

void AddColumnSums(int64_t rows, int64_t row, const float* src, float* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < row; ++c) sums[c] += src[r * row + c];
  }
}

}  // namespace

int64_t Conv2dWorkspaceFloats(const Conv2dGeometry& g) {
  const Sizes s = SizesOf(g);
  return s.group * (s.pixels * s.row + s.dst);
}

void Conv2dForward(const Conv2dGeometry& g, int n, const float* src, const float* weight,
                   const float* bias, float* dst, float* workspace) {
  const Sizes s = SizesOf(g);
  float* columns = workspace;
  float* padded_dst = workspace + s.group * s.pixels * s.row;
  const int64_t rows = s.group * s.pixels;
  for (int64_t first = 0; first < n; first += s.group) {
    const int64_t images = std::min<int64_t>(s.group, n - first);
    for (int64_t i = 0; i < images; ++i) {
      ImageToColumns(g, src + (first + i) * s.src, columns + i * s.pixels * s.row);
    }
    // A short group makes the same call as a whole one: OpenBLAS's rounding depends on the rows.
    const bool whole = images == s.group;
    if (!whole) {
      std::memset(columns + images * s.pixels * s.row, 0,
                  (s.group - images) * s.pixels * s.row * sizeof(float));
    }
    float* out = whole ? dst + first * s.dst : padded_dst;
    if (bias != nullptr) FillRows(rows, g.out_channels, bias, out);
    Gemm(Transpose::kNo, Transpose::kNo, static_cast<int>(rows), g.out_channels,
         static_cast<int>(s.row), columns, static_cast<int>(s.row), weight, g.out_channels,
         bias == nullptr ? 0.0f : 1.0f, out, g.out_channels);
    if (!whole) std::memcpy(dst + first * s.dst, out, images * s.dst * sizeof(float));
  }
}

void Conv2dBackward(const Conv2dGeometry& g, int n, const float* src, const float* weight,
                    const float* d_dst, float* d_src, float* d_weight, float* d_bias,
                    float* workspace) {
  const Sizes s = SizesOf(g);
  const int row = static_cast<int>(s.row);
  float* columns = workspace;
  std::memset(d_weight, 0, s.row * g.out_channels * sizeof(float));
  if (d_bias != nullptr) {
    std::memset(d_bias, 0, g.out_channels * sizeof(float));
    AddColumnSums(n * s.pixels, g.out_channels, d_dst, d_bias);
  }
  if (d_src != nullptr) std::memset(d_src, 0, n * s.src * sizeof(float));
  for (int64_t first = 0; first < n; first += s.group) {
    const int64_t images = std::min<int64_t>(s.group, n - first);
    const int rows = static_cast<int>(images * s.pixels);
    const float* d_out = d_dst + first * s.dst;
    for (int64_t i = 0; i < images; ++i) {
      ImageToColumns(g, src + (first + i) * s.src, columns + i * s.pixels * s.row);
    }
    Gemm(Transpose::kYes, Transpose::kNo, row, g.out_channels, rows, columns, row, d_out,
         g.out_channels, 1.0f, d_weight, g.out_channels);
    if (d_src == nullptr) continue;
    Gemm(Transpose::kNo, Transpose::kYes, rows, row, g.out_channels, d_out, g.out_channels, weight,
         g.out_channels, 0.0f, columns, row);
    for (int64_t i = 0; i < images; ++i) {
      AddColumnsToImage(g, columns + i * s.pixels * s.row, d_src + (first + i) * s.src);
    }
  }
}

}  // namespace convoy::kernels
