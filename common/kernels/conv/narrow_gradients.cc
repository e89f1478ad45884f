// Weight gradients of a first layer's block, conv -> ReLU -> 2x2 max-pool. Of the four outputs of
// the convolution that a window pools, only the maximum has a gradient, so with window (h, w), its
// gradient g and the place (r, c) of its maximum, each 0 or 1 and both functions of the channel oc,
//   d_weight[kh, kw, ic, oc] = sum over the windows of g src[2h + r + kh, 2w + c + kw, ic],
//   d_bias[oc] = sum over the windows of g.
// For a tap (kh, kw) of a window the candidates for src are always the same four pixels, a quad. So
// with output channels in the lanes, a multiply-add of g and of the quad, permuted by r + 2c, which
// is the code that the forward pass left, adds a window to a tap's sum for a vector of channels.
#include "common/kernels/conv/narrow_gradients.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/kernels/simd/channel_padding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/narrow_gradients.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/pooling/pool_epilogue-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Quads of neighbouring columns are stored in groups of kLanes, in the order in which vectors yield
// them: those of columns 0, 4, 8, .., then 1, 5, 9, .. of the group. Returns where a column's is.
HWY_INLINE int QuadOf(int column) {
  constexpr int kBlocks = kLanes / 4;
  const int in_group = column % kLanes;
  return column - in_group + in_group % 4 * kBlocks + in_group / 4;
}

// quads[row, QuadOf(column)] = src at (row, column), (row + 1, column), (row, column + 1) and
// (row + 1, column + 1), in the order of the codes.
void FillQuads(const NarrowGradientShape& s, const float* src, int ic, float* quads) {
  const FloatTag d;
  const int channels = s.conv.in_channels;
  const int width = s.conv.in_width;
  const int64_t src_row = int64_t{width} * channels;
  for (int h = 0; h + 1 < s.conv.in_height; ++h, quads += s.quad_row()) {
    const float* top = src + h * src_row + ic;
    const float* bottom = top + src_row;
    int w = 0;
    // Vectors may reach into what is behind a row, but not behind the image.
    const int left = (s.conv.in_height - h - 1) * width;
    for (; channels == 1 && w + 1 < width && w + kLanes < left; w += kLanes) {
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        const FloatVec upper = hn::LoadU(d, top + w + i);
        const FloatVec lower = hn::LoadU(d, bottom + w + i);
        hn::StoreU(hn::InterleaveLower(d, upper, lower), d, quads + 4 * w + i * kLanes);
        hn::StoreU(hn::InterleaveUpper(d, upper, lower), d, quads + 4 * w + (i + 2) * kLanes);
      }
    }
    for (; w + 1 < width; ++w) {
      float* quad = quads + 4 * QuadOf(w);
      quad[0] = top[int64_t{w} * channels];
      quad[1] = bottom[int64_t{w} * channels];
      quad[2] = top[int64_t{w + 1} * channels];
      quad[3] = bottom[int64_t{w + 1} * channels];
    }
  }
}

// Finds the nonzero columns of each row, those with a channel that is not 0, as bits; those beyond
// 64 count as bit 63. Windows that see none of them, as in most of a drawing's background, add
// nothing to the weights' gradients.
void FindNonzero(const NarrowGradientShape& s, const float* src, uint64_t* nonzero) {
  const FloatTag d;
  const int channels = s.conv.in_channels;
  const int row = s.conv.in_width * channels;
  for (int h = 0; h < s.conv.in_height; ++h, src += row) {
    nonzero[h] = 0;
    for (int i = 0; i < row; i += kLanes) {
      uint8_t bytes[8] = {};
      hn::StoreMaskBits(d, hn::Ne(LoadFirst(src + i, row - i), hn::Zero(d)), bytes);
      uint64_t bits;
      std::memcpy(&bits, bytes, sizeof bits);
      if (channels == 1 && i + kLanes <= 64) {
        nonzero[h] |= bits << i;
        continue;
      }
      for (; bits != 0; bits &= bits - 1) {
        nonzero[h] |= uint64_t{1} << std::min((i + std::countr_zero(bits)) / channels, 63);
      }
    }
  }
}

// The bits of the columns that windows in column w see.
HWY_INLINE uint64_t ColumnsSeen(int w, int kernel_width) {
  const uint64_t columns = (uint64_t{1} << (kernel_width + 1)) - 1;
  return 2 * w + kernel_width < 63 ? columns << (2 * w) : ~uint64_t{0};
}

// What one call of SumTaps goes over: all windows of an image, some vectors of output channels,
// some rows of the weights.
struct TapSums {
  const NarrowGradientShape* shape;
  const float* quads;  // from the first of the rows on
  const uint64_t* nonzero;
  const uint8_t* codes;  // from the first channel on
  const float* d_dst;
  int channels;  // output channels that are left
  float* sums;   // [kRows, kWidth] `tap` floats apart
  int64_t tap;
  float* d_bias;  // null: already summed
};

// The sums, kept in registers while an image's windows pass.
template <int kRows, int kWidth, int kVecs>
struct TapRegisters {
  FloatVec taps[kRows * kWidth][kVecs];
  FloatVec bias[kVecs];
};

template <int kRows, int kWidth, int kVecs>
HWY_INLINE void LoadSums(const TapSums& t, TapRegisters<kRows, kWidth, kVecs>& sums) {
  const FloatTag d;
#pragma GCC unroll 2
  for (int v = 0; v < kVecs; ++v) {
    sums.bias[v] = hn::Zero(d);
#pragma GCC unroll 25
    for (int i = 0; i < kRows * kWidth; ++i) {
      sums.taps[i][v] = hn::LoadU(d, t.sums + i * t.tap + v * kLanes);
    }
  }
}

template <int kRows, int kWidth, int kVecs>
HWY_INLINE void StoreSums(const TapRegisters<kRows, kWidth, kVecs>& sums, const TapSums& t) {
  const FloatTag d;
#pragma GCC unroll 2
  for (int v = 0; v < kVecs; ++v) {
#pragma GCC unroll 25
    for (int i = 0; i < kRows * kWidth; ++i) {
      hn::StoreU(sums.taps[i][v], d, t.sums + i * t.tap + v * kLanes);
    }
    if (t.d_bias == nullptr) continue;
    float* d_bias = t.d_bias + v * kLanes;
    hn::StoreU(hn::Add(hn::LoadU(d, d_bias), sums.bias[v]), d, d_bias);
  }
}

// A window's output gradients, 0 where ReLU let nothing through, and where in its quads each
// channel's maximum was.
template <int kVecs>
struct WindowGradients {
  FloatVec gradient[kVecs];
  decltype(hn::IndicesFromVec(FloatTag(), hn::Zero(IntTag()))) choice[kVecs];
};

template <int kVecs>
HWY_INLINE void LoadWindow(const uint8_t* codes, const float* d_dst, int channels,
                           WindowGradients<kVecs>& window) {
  const FloatTag d;
  const IntTag di;
#pragma GCC unroll 2
  for (int v = 0; v < kVecs; ++v) {
    const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + v * kLanes));
    const auto alive = hn::RebindMask(d, hn::Ne(code, hn::Set(di, kDeadCode)));
    window.gradient[v] =
        hn::IfThenElseZero(alive, LoadFirst(d_dst + v * kLanes, channels - v * kLanes));
    window.choice[v] = hn::IndicesFromVec(d, hn::And(code, hn::Set(di, 3)));
  }
}

// Adds a window to all taps; `quads` is the first row's, `column` where the window's inputs begin.
template <int kRows, int kWidth, int kVecs>
HWY_INLINE void AddWindow(const WindowGradients<kVecs>& window, const float* quads,
                          int64_t quad_row, int column, TapRegisters<kRows, kWidth, kVecs>& sums) {
  const FloatTag d;
#pragma GCC unroll 5
  for (int kw = 0; kw < kWidth; ++kw) {
    const float* of_column = quads + 4 * QuadOf(column + kw);
#pragma GCC unroll 5
    for (int kh = 0; kh < kRows; ++kh) {
      const FloatVec quad = hn::LoadDup128(d, of_column + kh * quad_row);
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) {
        FloatVec& sum = sums.taps[kh * kWidth + kw][v];
        sum = hn::MulAdd(window.gradient[v], hn::TableLookupLanes(quad, window.choice[v]), sum);
      }
    }
  }
}

// For each tap the sum over the windows, and the bias's gradient, as this file's head has it.
template <int kRows, int kWidth, int kVecs>
void SumTaps(const TapSums& t) {
  const NarrowGradientShape& s = *t.shape;
  const int64_t quad_row = s.quad_row();
  const int oc = s.conv.out_channels;
  const int oc_padded = PadChannels(oc);
  TapRegisters<kRows, kWidth, kVecs> sums;
  LoadSums(t, sums);
  const uint8_t* codes = t.codes;
  const float* d_dst = t.d_dst;
  for (int h = 0; h < s.pooled_height; ++h) {
    uint64_t nonzero = 0;
    for (int r = 0; r <= s.conv.kernel_height; ++r) nonzero |= t.nonzero[2 * h + r];
    for (int w = 0; w < s.pooled_width; ++w, codes += oc_padded, d_dst += oc) {
      WindowGradients<kVecs> window;
      LoadWindow(codes, d_dst, t.channels, window);
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) sums.bias[v] = hn::Add(sums.bias[v], window.gradient[v]);
      if ((nonzero & ColumnsSeen(w, kWidth)) == 0) continue;
      AddWindow(window, t.quads + 2 * h * quad_row, quad_row, 2 * w, sums);
    }
  }
  StoreSums(sums, t);
}

// All rows of the weights, as many at once as stay in registers.
template <int kWidth, int kVecs>
void SumRows(TapSums t) {
  constexpr int kMaxRows = (kMaxAccumulators + 1) / (kWidth * kVecs);
  const Conv2dGeometry& conv = t.shape->conv;
  for (int kh = 0; kh < conv.kernel_height;) {
    const int left = conv.kernel_height - kh;
    int rows = 1;
    if (left >= 5 && kMaxRows >= 5) {
      rows = 5;
      SumTaps<std::min(5, kMaxRows), kWidth, kVecs>(t);
    } else if (left >= 3 && kMaxRows >= 3) {
      rows = 3;
      SumTaps<std::min(3, kMaxRows), kWidth, kVecs>(t);
    } else if (left >= 2 && kMaxRows >= 2) {
      rows = 2;
      SumTaps<std::min(2, kMaxRows), kWidth, kVecs>(t);
    } else {
      SumTaps<1, kWidth, kVecs>(t);
    }
    kh += rows;
    t.quads += rows * t.shape->quad_row();
    t.sums += rows * kWidth * t.tap;
    t.d_bias = nullptr;
  }
}

void AddImage(const NarrowGradientShape& s, const float* src, const uint8_t* codes,
              const float* d_dst, const NarrowGradientBuffers& b) {
  const Conv2dGeometry& conv = s.conv;
  const int oc_padded = PadChannels(conv.out_channels);
  FindNonzero(s, src, b.nonzero);
  for (int ic = 0; ic < conv.in_channels; ++ic) {
    FillQuads(s, src, ic, b.quads);
    for (int c = 0; c < conv.out_channels;) {
      const TapSums sums = {&s,
                            b.quads,
                            b.nonzero,
                            codes + c,
                            d_dst + c,
                            conv.out_channels - c,
                            b.d_weight + int64_t{ic} * oc_padded + c,
                            int64_t{conv.in_channels} * oc_padded,
                            ic == 0 ? b.d_bias + c : nullptr};
      const bool two = sums.channels > kLanes && conv.kernel_width == 3 && kMaxAccumulators >= 18;
      if (conv.kernel_width == 5) {
        SumRows<5, 1>(sums);
      } else if (two) {
        SumRows<3, 2>(sums);
      } else {
        SumRows<3, 1>(sums);
      }
      c += two ? 2 * kLanes : kLanes;
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(AddImage);

NarrowGradientBuffers CarveNarrowGradients(const NarrowGradientShape& s, WorkspaceCarver& carver) {
  const int64_t oc_padded = PadChannels(s.conv.out_channels);
  NarrowGradientBuffers b;
  b.nonzero = carver.Take<uint64_t>(s.conv.in_height);
  b.quads = carver.Take<float>(s.conv.in_height * s.quad_row());
  b.d_weight = carver.Take<float>(int64_t{s.conv.kernel_height} * s.conv.kernel_width *
                                  s.conv.in_channels * oc_padded);
  b.d_bias = carver.Take<float>(oc_padded);
  return b;
}

void NarrowGradientsStart(const NarrowGradientShape& s, const NarrowGradientBuffers& b) {
  const int64_t oc_padded = PadChannels(s.conv.out_channels);
  const int64_t taps = int64_t{s.conv.kernel_height} * s.conv.kernel_width * s.conv.in_channels;
  std::memset(b.d_weight, 0, taps * oc_padded * sizeof(float));
  std::memset(b.d_bias, 0, oc_padded * sizeof(float));
}

void NarrowGradientsImage(const NarrowGradientShape& shape, const float* src, const uint8_t* codes,
                          const float* d_dst, const NarrowGradientBuffers& buffers) {
  HWY_DYNAMIC_DISPATCH(AddImage)(shape, src, codes, d_dst, buffers);
}

void NarrowGradientsFinish(const NarrowGradientShape& s, const NarrowGradientBuffers& b,
                           float* d_weight, float* d_bias) {
  const int oc = s.conv.out_channels;
  const int64_t taps = int64_t{s.conv.kernel_height} * s.conv.kernel_width * s.conv.in_channels;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const float* sums = b.d_weight + tap * PadChannels(oc);
    std::copy(sums, sums + oc, d_weight + tap * oc);
  }
  if (d_bias != nullptr) std::copy(b.d_bias, b.d_bias + oc, d_bias);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
