#include "common/kernels/pooling/max_pool.h"

#include <algorithm>
#include <cstring>

namespace convoy::kernels {
namespace {

// Lets pixel `src[C]` at `place` compete for `best[C]`.
void Compete(int channels, const float* src, int32_t place, float* best, int32_t* argmax) {
  for (int c = 0; c < channels; ++c) {
    const bool wins = src[c] > best[c];
    best[c] = wins ? src[c] : best[c];
    argmax[c] = wins ? place : argmax[c];
  }
}

void Compete(int channels, const float* src, float* best) {
  for (int c = 0; c < channels; ++c) best[c] = src[c] > best[c] ? src[c] : best[c];
}

// The pixels [begin, end) of a window along one axis that lie inside the image.
struct Window {
  int begin;
  int end;
};

Window ClipWindow(int out, int stride, int pad, int pool, int in_size) {
  const int first = out * stride - pad;
  return {std::max(first, 0), std::min(first + pool, in_size)};
}

// Pools the window rows x cols of one image; `argmax` may be null.
void PoolWindow(const Pool2dGeometry& g, Window rows, Window cols, const float* src, float* dst,
                int32_t* argmax) {
  const int32_t first = rows.begin * g.in_width + cols.begin;
  std::memcpy(dst, src + int64_t{first} * g.channels, g.channels * sizeof(float));
  if (argmax != nullptr) std::fill(argmax, argmax + g.channels, first);
  for (int ih = rows.begin; ih < rows.end; ++ih) {
    for (int iw = cols.begin; iw < cols.end; ++iw) {
      const int32_t place = ih * g.in_width + iw;
      const float* pixel = src + int64_t{place} * g.channels;
      if (argmax == nullptr) {
        Compete(g.channels, pixel, dst);
      } else {
        Compete(g.channels, pixel, place, dst, argmax);
      }
    }
  }
}

}  // namespace

void MaxPoolForward(const Pool2dGeometry& g, int n, const float* src, float* dst, int32_t* argmax) {
  const int64_t src_floats = int64_t{g.in_height} * g.in_width * g.channels;
  for (int image = 0; image < n; ++image, src += src_floats) {
    for (int oh = 0; oh < g.out_height; ++oh) {
      const Window rows = ClipWindow(oh, g.stride_height, g.pad_top, g.pool_height, g.in_height);
      for (int ow = 0; ow < g.out_width; ++ow) {
        const Window cols = ClipWindow(ow, g.stride_width, g.pad_left, g.pool_width, g.in_width);
        PoolWindow(g, rows, cols, src, dst, argmax);
        dst += g.channels;
        if (argmax != nullptr) argmax += g.channels;
      }
    }
  }
}

void MaxPoolBackward(const Pool2dGeometry& g, int n, const float* d_dst, const int32_t* argmax,
                     float* d_src) {
  const int64_t src_floats = int64_t{g.in_height} * g.in_width * g.channels;
  const int64_t windows = int64_t{g.out_height} * g.out_width;
  std::fill_n(d_src, n * src_floats, 0.0f);
  for (int image = 0; image < n; ++image, d_src += src_floats) {
    for (int64_t window = 0; window < windows; ++window) {
      for (int c = 0; c < g.channels; ++c) d_src[int64_t{argmax[c]} * g.channels + c] += d_dst[c];
      argmax += g.channels;
      d_dst += g.channels;
    }
  }
}

}  // namespace convoy::kernels
