#include "common/kernels/conv/narrow_backward.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/kernels/conv/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/narrow_backward.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/pooling/pool_epilogue-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Squares of neighbouring columns are stored in groups of kLanes, in the order in which vectors
// yield them: those of columns 0, 4, 8, .., then 1, 5, 9, .. of the group. Returns the place of a
// column.
HWY_INLINE int SquareOf(int column) {
  constexpr int kBlocks = kLanes / 4;
  const int in_group = column % kLanes;
  return column - in_group + in_group % 4 * kBlocks + in_group / 4;
}

// squares[row, SquareOf(column)] = src at (row, column), (row + 1, column), (row, column + 1) and
// (row + 1, column + 1): a window's four inputs for one tap, in the order of the codes.
void FillSquares(const NarrowBackwardShape& s, const float* src, int ic, float* squares) {
  const FloatTag d;
  const int channels = s.conv.in_channels;
  const int width = s.conv.in_width;
  const int64_t src_row = int64_t{width} * channels;
  for (int h = 0; h + 1 < s.conv.in_height; ++h, squares += s.square_row()) {
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
        hn::StoreU(hn::InterleaveLower(d, upper, lower), d, squares + 4 * w + i * kLanes);
        hn::StoreU(hn::InterleaveUpper(d, upper, lower), d, squares + 4 * w + (i + 2) * kLanes);
      }
    }
    for (; w + 1 < width; ++w) {
      float* square = squares + 4 * SquareOf(w);
      square[0] = top[int64_t{w} * channels];
      square[1] = bottom[int64_t{w} * channels];
      square[2] = top[int64_t{w + 1} * channels];
      square[3] = bottom[int64_t{w + 1} * channels];
    }
  }
}

// Finds the columns of each row in which a channel is not 0, as bits; those beyond 64 count as bit
// 63. Windows that see none of them, as in most of a drawing's background, add nothing to the
// weights' gradients.
void FindDrawn(const NarrowBackwardShape& s, const float* src, uint64_t* drawn) {
  const FloatTag d;
  const int channels = s.conv.in_channels;
  const int row = s.conv.in_width * channels;
  for (int h = 0; h < s.conv.in_height; ++h, src += row) {
    drawn[h] = 0;
    for (int i = 0; i < row; i += kLanes) {
      uint8_t bytes[8] = {};
      hn::StoreMaskBits(d, hn::Ne(LoadFirst(src + i, row - i), hn::Zero(d)), bytes);
      uint64_t bits;
      std::memcpy(&bits, bytes, sizeof bits);
      if (channels == 1 && i + kLanes <= 64) {
        drawn[h] |= bits << i;
        continue;
      }
      for (; bits != 0; bits &= bits - 1) {
        drawn[h] |= uint64_t{1} << std::min((i + std::countr_zero(bits)) / channels, 63);
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
// some rows of the kernel.
struct TapSums {
  const NarrowBackwardShape* shape;
  const float* squares;  // from the kernel's first row on
  const uint64_t* drawn;
  const uint8_t* codes;  // from the first channel on
  const float* d_dst;
  int channels;  // output channels that are left
  float* sums;   // [kRows, kWidth] `tap` floats apart
  int64_t tap;
  float* d_bias;  // null: already summed
};

template <int kRows, int kWidth, int kVecs>
void SumTaps(const TapSums& t) {
  const FloatTag d;
  const IntTag di;
  const NarrowBackwardShape& s = *t.shape;
  const int64_t square_row = s.square_row();
  const int oc = s.conv.out_channels;
  const int oc_padded = PadChannels(oc);
  FloatVec acc[kRows * kWidth][kVecs];
  FloatVec bias[kVecs];
#pragma GCC unroll 2
  for (int v = 0; v < kVecs; ++v) {
    bias[v] = hn::Zero(d);
#pragma GCC unroll 25
    for (int i = 0; i < kRows * kWidth; ++i) {
      acc[i][v] = hn::LoadU(d, t.sums + i * t.tap + v * kLanes);
    }
  }
  const uint8_t* codes = t.codes;
  const float* d_dst = t.d_dst;
  for (int h = 0; h < s.pooled_height; ++h) {
    const float* row = t.squares + 2 * h * square_row;
    uint64_t drawn = 0;
    for (int r = 0; r <= s.conv.kernel_height; ++r) drawn |= t.drawn[2 * h + r];
    for (int w = 0; w < s.pooled_width; ++w, codes += oc_padded, d_dst += oc) {
      FloatVec gradient[kVecs];
      decltype(hn::IndicesFromVec(d, hn::Zero(di))) choice[kVecs];
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) {
        const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + v * kLanes));
        const auto alive = hn::RebindMask(d, hn::Ne(code, hn::Set(di, kDeadCode)));
        gradient[v] =
            hn::IfThenElseZero(alive, LoadFirst(d_dst + v * kLanes, t.channels - v * kLanes));
        bias[v] = hn::Add(bias[v], gradient[v]);
        choice[v] = hn::IndicesFromVec(d, hn::And(code, hn::Set(di, 3)));
      }
      if ((drawn & ColumnsSeen(w, kWidth)) == 0) continue;
#pragma GCC unroll 5
      for (int kw = 0; kw < kWidth; ++kw) {
        const float* squares = row + 4 * SquareOf(2 * w + kw);
#pragma GCC unroll 5
        for (int kh = 0; kh < kRows; ++kh) {
          const FloatVec four = hn::LoadDup128(d, squares + kh * square_row);
#pragma GCC unroll 2
          for (int v = 0; v < kVecs; ++v) {
            FloatVec& sum = acc[kh * kWidth + kw][v];
            sum = hn::MulAdd(gradient[v], hn::TableLookupLanes(four, choice[v]), sum);
          }
        }
      }
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVecs; ++v) {
#pragma GCC unroll 25
    for (int i = 0; i < kRows * kWidth; ++i) {
      hn::StoreU(acc[i][v], d, t.sums + i * t.tap + v * kLanes);
    }
    if (t.d_bias == nullptr) continue;
    float* d_bias = t.d_bias + v * kLanes;
    hn::StoreU(hn::Add(hn::LoadU(d, d_bias), bias[v]), d, d_bias);
  }
}

// All rows of a kernel, as many at once as stay in registers.
template <int kWidth, int kVecs>
void SumKernel(TapSums t) {
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
    t.squares += rows * t.shape->square_row();
    t.sums += rows * kWidth * t.tap;
    t.d_bias = nullptr;
  }
}

void AddImage(const NarrowBackwardShape& s, const float* src, const uint8_t* codes,
              const float* d_dst, const NarrowBackwardBuffers& b) {
  const Conv2dGeometry& conv = s.conv;
  const int oc_padded = PadChannels(conv.out_channels);
  FindDrawn(s, src, b.drawn);
  for (int ic = 0; ic < conv.in_channels; ++ic) {
    FillSquares(s, src, ic, b.squares);
    for (int c = 0; c < conv.out_channels;) {
      const TapSums sums = {&s,
                            b.squares,
                            b.drawn,
                            codes + c,
                            d_dst + c,
                            conv.out_channels - c,
                            b.d_weight + int64_t{ic} * oc_padded + c,
                            int64_t{conv.in_channels} * oc_padded,
                            ic == 0 ? b.d_bias + c : nullptr};
      const bool two = sums.channels > kLanes && conv.kernel_width == 3 && kMaxAccumulators >= 18;
      if (conv.kernel_width == 5) {
        SumKernel<5, 1>(sums);
      } else if (two) {
        SumKernel<3, 2>(sums);
      } else {
        SumKernel<3, 1>(sums);
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

absl::Status SupportsNarrowBackward(const Conv2dGeometry& conv) {
  if (conv.stride_height != 1 || conv.stride_width != 1) {
    return absl::UnimplementedError("the stride is not 1");
  }
  if (conv.kernel_width != 3 && conv.kernel_width != 5) {
    return absl::UnimplementedError(
        absl::StrCat("kernels are ", conv.kernel_width, " wide, not 3 or 5"));
  }
  return absl::OkStatus();
}

NarrowBackwardBuffers CarveNarrowBackward(const NarrowBackwardShape& s, WorkspaceCarver& carver) {
  const int64_t oc_padded = PadChannels(s.conv.out_channels);
  NarrowBackwardBuffers b;
  b.drawn = carver.Take<uint64_t>(s.conv.in_height);
  b.squares = carver.Take<float>(s.conv.in_height * s.square_row());
  b.d_weight = carver.Take<float>(int64_t{s.conv.kernel_height} * s.conv.kernel_width *
                                  s.conv.in_channels * oc_padded);
  b.d_bias = carver.Take<float>(oc_padded);
  return b;
}

void NarrowBackwardStart(const NarrowBackwardShape& s, const NarrowBackwardBuffers& b) {
  const int64_t oc_padded = PadChannels(s.conv.out_channels);
  const int64_t taps = int64_t{s.conv.kernel_height} * s.conv.kernel_width * s.conv.in_channels;
  std::memset(b.d_weight, 0, taps * oc_padded * sizeof(float));
  std::memset(b.d_bias, 0, oc_padded * sizeof(float));
}

void NarrowBackwardImage(const NarrowBackwardShape& shape, const float* src, const uint8_t* codes,
                         const float* d_dst, const NarrowBackwardBuffers& buffers) {
  HWY_DYNAMIC_DISPATCH(AddImage)(shape, src, codes, d_dst, buffers);
}

void NarrowBackwardFinish(const NarrowBackwardShape& s, const NarrowBackwardBuffers& b,
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
