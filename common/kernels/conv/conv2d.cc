#include "common/kernels/conv/conv2d.h"

#include <algorithm>
#include <cstring>

#include "common/kernels/blas/gemm.h"

namespace convoy::kernels {
namespace {

struct Sizes {
  int64_t src;  // floats of one input image
  int64_t dst;  // floats of one output image
  int pixels;   // OH * OW: rows of columns of one image
  int row;      // KH * KW * IC: length of a row of columns
};

Sizes SizesOf(const Conv2dGeometry& g) {
  Sizes s;
  s.src = int64_t{g.in_height} * g.in_width * g.in_channels;
  s.pixels = g.out_height * g.out_width;
  s.dst = int64_t{s.pixels} * g.out_channels;
  s.row = g.kernel_height * g.kernel_width * g.in_channels;
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
  return int64_t{s.pixels} * s.row;
}

void Conv2dForward(const Conv2dGeometry& g, int n, const float* src, const float* weight,
                   const float* bias, float* dst, float* workspace) {
  const Sizes s = SizesOf(g);
  // One product an image: OpenBLAS's rounding depends on the number of rows and, on some cores, on
  // the place among them.
  for (int image = 0; image < n; ++image, src += s.src, dst += s.dst) {
    ImageToColumns(g, src, workspace);
    if (bias != nullptr) FillRows(s.pixels, g.out_channels, bias, dst);
    Gemm(Transpose::kNo, Transpose::kNo, s.pixels, g.out_channels, s.row, workspace, s.row, weight,
         g.out_channels, bias == nullptr ? 0.0f : 1.0f, dst, g.out_channels);
  }
}

void Conv2dBackward(const Conv2dGeometry& g, int n, const float* src, const float* weight,
                    const float* d_dst, float* d_src, float* d_weight, float* d_bias,
                    float* workspace) {
  const Sizes s = SizesOf(g);
  std::memset(d_weight, 0, int64_t{s.row} * g.out_channels * sizeof(float));
  if (d_bias != nullptr) {
    std::memset(d_bias, 0, g.out_channels * sizeof(float));
    AddColumnSums(int64_t{n} * s.pixels, g.out_channels, d_dst, d_bias);
  }
  if (d_src != nullptr) std::fill_n(d_src, n * s.src, 0.0f);
  for (int image = 0; image < n; ++image, src += s.src, d_dst += s.dst) {
    ImageToColumns(g, src, workspace);
    Gemm(Transpose::kYes, Transpose::kNo, s.row, g.out_channels, s.pixels, workspace, s.row, d_dst,
         g.out_channels, 1.0f, d_weight, g.out_channels);
    if (d_src == nullptr) continue;
    Gemm(Transpose::kNo, Transpose::kYes, s.pixels, s.row, g.out_channels, d_dst, g.out_channels,
         weight, g.out_channels, 0.0f, workspace, s.row);
    AddColumnsToImage(g, workspace, d_src + image * s.src);
  }
}

}  // namespace convoy::kernels
