#include "common/kernels/conv/im2col.h"

#include <algorithm>
#include <cstring>

#include "common/kernels/blas/gemm.h"

namespace convoy::kernels {
namespace {

// Length of a row of columns: a window's taps.
int ColumnsRow(const Conv2dGeometry& g) { return g.kernel_height * g.kernel_width * g.in_channels; }

// The part [begin, end) of a window's row or column that lies inside the image when its first
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

int64_t Im2colWorkspaceFloats(const Conv2dGeometry& g) {
  return int64_t{g.out_height} * g.out_width * ColumnsRow(g);
}

// One product an image: OpenBLAS's rounding depends on the number of rows and, on some cores, on
// the place among them.
void Im2colForward(const Conv2dGeometry& g, const float* src, const float* weight,
                   const float* bias, float* dst, float* workspace) {
  const int pixels = g.out_height * g.out_width;
  const int row = ColumnsRow(g);
  ImageToColumns(g, src, workspace);
  FillRows(pixels, g.out_channels, bias, dst);
  Gemm(Transpose::kNo, Transpose::kNo, pixels, g.out_channels, row, workspace, row, weight,
       g.out_channels, 1.0f, dst, g.out_channels);
}

void Im2colBackward(const Conv2dGeometry& g, const float* src, const float* weight,
                    const float* d_dst, float* d_src, float* d_weight, float* d_bias,
                    float* workspace) {
  const int pixels = g.out_height * g.out_width;
  const int row = ColumnsRow(g);
  AddColumnSums(pixels, g.out_channels, d_dst, d_bias);
  ImageToColumns(g, src, workspace);
  Gemm(Transpose::kYes, Transpose::kNo, row, g.out_channels, pixels, workspace, row, d_dst,
       g.out_channels, 1.0f, d_weight, g.out_channels);
  if (d_src == nullptr) return;
  Gemm(Transpose::kNo, Transpose::kYes, pixels, row, g.out_channels, d_dst, g.out_channels, weight,
       g.out_channels, 0.0f, workspace, row);
  std::fill_n(d_src, int64_t{g.in_height} * g.in_width * g.in_channels, 0.0f);
  AddColumnsToImage(g, workspace, d_src);
}

}  // namespace convoy::kernels
