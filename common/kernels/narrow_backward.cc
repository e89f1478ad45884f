#include "common/kernels/narrow_backward.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/kernels/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/narrow_backward.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/pool_epilogue-inl.h"
#include "common/kernels/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// squares[row, column] = src at (row, column), (row + 1, column), (row, column + 1) and
// (row + 1, column + 1): a window's four inputs for one tap, in the order of the codes.
void FillSquares(const NarrowBackwardShape& s, const float* src, int ic, float* squares) {
  const FloatTag d;
  const int channels = s.conv.in_channels;
  const int64_t src_row = int64_t{s.conv.in_width} * channels;
  for (int h = 0; h + 1 < s.conv.in_height; ++h, squares += s.square_row()) {
    const float* top = src + h * src_row + ic;
    const float* bottom = top + src_row;
    int w = 0;
    if (channels == 1) {
      for (; w + kLanes < s.conv.in_width; w += kLanes) {
        hn::StoreInterleaved4(hn::LoadU(d, top + w), hn::LoadU(d, bottom + w),
                              hn::LoadU(d, top + w + 1), hn::LoadU(d, bottom + w + 1), d,
                              squares + 4 * w);
      }
    }
    for (; w + 1 < s.conv.in_width; ++w) {
      squares[4 * w] = top[int64_t{w} * channels];
      squares[4 * w + 1] = bottom[int64_t{w} * channels];
      squares[4 * w + 2] = top[int64_t{w + 1} * channels];
      squares[4 * w + 3] = bottom[int64_t{w + 1} * channels];
    }
  }
}

// What one call of SumTaps goes over: all windows of an image, some vectors of output channels,
// some rows of the kernel.
struct TapSums {
  const NarrowBackwardShape* shape;
  const float* squares;  // from the kernel's first row on
  const uint8_t* codes;  // from the first channel on
  const float* d_dst;
  int channels;  // output channels that are left
  float* sums;   // [kRows, kWidth] `tap` floats apart
  int64_t tap;
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
#pragma GCC unroll 25
  for (int i = 0; i < kRows * kWidth; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v) acc[i][v] = hn::LoadU(d, t.sums + i * t.tap + v * kLanes);
  }
  const uint8_t* codes = t.codes;
  const float* d_dst = t.d_dst;
  for (int h = 0; h < s.pooled_height; ++h) {
    const float* window = t.squares + 2 * h * square_row;
    for (int w = 0; w < s.pooled_width; ++w, window += 8, codes += oc_padded, d_dst += oc) {
      FloatVec gradient[kVecs];
      decltype(hn::IndicesFromVec(d, hn::Zero(di))) choice[kVecs];
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) {
        const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + v * kLanes));
        const auto alive = hn::RebindMask(d, hn::Ne(code, hn::Set(di, kDeadCode)));
        gradient[v] =
            hn::IfThenElseZero(alive, LoadFirst(d_dst + v * kLanes, t.channels - v * kLanes));
        choice[v] = hn::IndicesFromVec(d, hn::And(code, hn::Set(di, 3)));
      }
#pragma GCC unroll 5
      for (int kh = 0; kh < kRows; ++kh) {
        const float* row = window + kh * square_row;
#pragma GCC unroll 5
        for (int kw = 0; kw < kWidth; ++kw) {
          const FloatVec four = hn::LoadDup128(d, row + 4 * kw);
#pragma GCC unroll 2
          for (int v = 0; v < kVecs; ++v) {
            FloatVec& sum = acc[kh * kWidth + kw][v];
            sum = hn::MulAdd(gradient[v], hn::TableLookupLanes(four, choice[v]), sum);
          }
        }
      }
    }
  }
#pragma GCC unroll 25
  for (int i = 0; i < kRows * kWidth; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v) hn::StoreU(acc[i][v], d, t.sums + i * t.tap + v * kLanes);
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
  }
}

// d_bias += the gradients that are alive.
void SumBias(const NarrowBackwardShape& s, const uint8_t* codes, const float* d_dst,
             float* d_bias) {
  const FloatTag d;
  const IntTag di;
  const int oc = s.conv.out_channels;
  const int oc_padded = PadChannels(oc);
  for (int c = 0; c < oc; c += kLanes) {
    FloatVec sum = hn::LoadU(d, d_bias + c);
    for (int64_t window = 0; window < int64_t{s.pooled_height} * s.pooled_width; ++window) {
      const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + window * oc_padded + c));
      const auto alive = hn::RebindMask(d, hn::Ne(code, hn::Set(di, kDeadCode)));
      sum = hn::Add(sum, hn::IfThenElseZero(alive, LoadFirst(d_dst + window * oc + c, oc - c)));
    }
    hn::StoreU(sum, d, d_bias + c);
  }
}

void AddImage(const NarrowBackwardShape& s, const float* src, const uint8_t* codes,
              const float* d_dst, const NarrowBackwardBuffers& b) {
  const Conv2dGeometry& conv = s.conv;
  const int oc_padded = PadChannels(conv.out_channels);
  SumBias(s, codes, d_dst, b.d_bias);
  for (int ic = 0; ic < conv.in_channels; ++ic) {
    FillSquares(s, src, ic, b.squares);
    for (int c = 0; c < conv.out_channels;) {
      const TapSums sums = {&s,
                            b.squares,
                            codes + c,
                            d_dst + c,
                            conv.out_channels - c,
                            b.d_weight + int64_t{ic} * oc_padded + c,
                            int64_t{conv.in_channels} * oc_padded};
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
