// Direct convolution by register tiling: output channels lie in the lanes, and the sums of a tile
// of outputs, two rows by some columns, stay in registers while the window's taps pass; each tap
// loads its weights once and broadcasts one pixel an output. (The same idea: Georganas et al.,
// "Anatomy of high-performance deep learning convolutions on SIMD architectures", SC'18.) Two rows,
// because the outputs that a 2x2 pool compares are then in one tile, and only the maximum is
// stored.
#include "common/kernels/conv/direct.h"

#include <algorithm>

#include "common/kernels/simd/channel_padding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/direct.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/pooling/pool_epilogue-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Everything that is the same for all windows of an image.
struct DirectImage {
  const DirectConvShape* shape;
  const float* src;
  const float* weights;
  const float* bias;
  float* dst;
  uint8_t* codes;
  int oc_padded;
  int64_t src_row;  // floats between rows of the input
  int64_t step_h;   // floats between the patches of outputs one below the other
  int64_t step_w;   // and beside each other
};

// Windows of 2x2 outputs in a row, from output (row, column) on, channels oc to oc + kVecs *
// kLanes.
struct WindowPlace {
  int row;
  int column;
  int oc;
};

template <int kWindows, int kVecs>
struct WindowSums {
  FloatVec at[2][2 * kWindows][kVecs];
};

// kStep: image.step_w where it is known when compiling, else 0.
template <int kWindows, int kVecs, int kStep>
HWY_INLINE void SumWindows(const DirectImage& image, const WindowPlace& place,
                           WindowSums<kWindows, kVecs>& sums) {
  const FloatTag d;
  constexpr int kColumns = 2 * kWindows;
  const Conv2dGeometry& conv = image.shape->conv;
  const int64_t step = kStep == 0 ? image.step_w : kStep;
  FloatVec acc[2][kColumns][kVecs];
#pragma GCC unroll 12
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v) {
      acc[0][c][v] = acc[1][c][v] = hn::Load(d, image.bias + place.oc + v * kLanes);
    }
  }
  const float* weights = image.weights + place.oc;
  const float* src = image.src + place.row * image.step_h + place.column * step;
  const int taps = conv.kernel_width * conv.in_channels;
  for (int kh = 0; kh < conv.kernel_height; ++kh, src += image.src_row) {
    const float* top = src;
    const float* bottom = src + image.step_h;
    for (int tap = 0; tap < taps; ++tap, ++top, ++bottom, weights += image.oc_padded) {
      FloatVec w[kVecs];
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) w[v] = hn::Load(d, weights + v * kLanes);
#pragma GCC unroll 12
      for (int c = 0; c < kColumns; ++c) {
        const FloatVec x0 = hn::Set(d, top[c * step]);
        const FloatVec x1 = hn::Set(d, bottom[c * step]);
#pragma GCC unroll 2
        for (int v = 0; v < kVecs; ++v) {
          acc[0][c][v] = hn::MulAdd(x0, w[v], acc[0][c][v]);
          acc[1][c][v] = hn::MulAdd(x1, w[v], acc[1][c][v]);
        }
      }
    }
  }
#pragma GCC unroll 12
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v) {
      sums.at[0][c][v] = acc[0][c][v];
      sums.at[1][c][v] = acc[1][c][v];
    }
  }
}

// Whether the windows at `place` see nothing but zeros, as most of a drawing's background does.
template <int kWindows, int kStep>
HWY_INLINE bool SeesZeros(const DirectImage& image, const WindowPlace& place) {
  const FloatTag d;
  const Conv2dGeometry& conv = image.shape->conv;
  const int64_t step = kStep == 0 ? image.step_w : kStep;
  const auto size =
      static_cast<int>((2 * kWindows - 1) * step) + conv.kernel_width * conv.in_channels;
  const float* src = image.src + place.row * image.step_h + place.column * step;
  const int rows = conv.stride_height + conv.kernel_height;
  for (int i = 0; i < size; i += kLanes) {
    FloatVec any = hn::Zero(d);
    for (int r = 0; r < rows; ++r) {
      any = hn::Or(any, hn::Abs(LoadFirst(src + r * image.src_row + i, size - i)));
    }
    if (!hn::AllFalse(d, hn::Ne(any, hn::Zero(d)))) return false;
  }
  return true;
}

// The sums of windows that see nothing but zeros.
template <int kWindows, int kVecs>
HWY_INLINE void SumZeros(const DirectImage& image, const WindowPlace& place,
                         WindowSums<kWindows, kVecs>& sums) {
#pragma GCC unroll 2
  for (int v = 0; v < kVecs; ++v) {
    const FloatVec bias = hn::Load(FloatTag(), image.bias + place.oc + v * kLanes);
#pragma GCC unroll 12
    for (int c = 0; c < 2 * kWindows; ++c) sums.at[0][c][v] = sums.at[1][c][v] = bias;
  }
}

template <int kWindows, int kVecs, int kStep>
void PooledWindows(const DirectImage& shared, const WindowPlace& shared_place) {
  // Copies, because stores of bytes could change what is behind a reference.
  const DirectImage image = shared;
  const WindowPlace place = shared_place;
  WindowSums<kWindows, kVecs> sums;
  if (SeesZeros<kWindows, kStep>(image, place)) {
    SumZeros<kWindows, kVecs>(image, place, sums);
  } else {
    SumWindows<kWindows, kVecs, kStep>(image, place, sums);
  }
  const int oc = image.shape->conv.out_channels;
  const int64_t first = int64_t{place.row / 2} * image.shape->width + place.column / 2;
#pragma GCC unroll 6
  for (int i = 0; i < kWindows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v) {
      const FloatVec x00 = sums.at[0][2 * i][v];
      const FloatVec x01 = sums.at[0][2 * i + 1][v];
      const FloatVec x10 = sums.at[1][2 * i][v];
      const FloatVec x11 = sums.at[1][2 * i + 1][v];
      const int c = place.oc + v * kLanes;
      const FloatVec best =
          image.codes == nullptr
              ? PoolWindow(x00, x01, x10, x11)
              : PoolWindow(x00, x01, x10, x11, image.codes + (first + i) * image.oc_padded + c);
      StoreFirst(best, oc - c, image.dst + (first + i) * oc + c);
    }
  }
}

template <int kWindows, int kVecs, int kStep>
void WholeWindows(const DirectImage& image, const WindowPlace& place) {
  WindowSums<kWindows, kVecs> sums;
  SumWindows<kWindows, kVecs, kStep>(image, place, sums);
  const int oc = image.shape->conv.out_channels;
  for (int r = 0; r < 2; ++r) {
    const int64_t first = int64_t{place.row + r} * image.shape->width + place.column;
#pragma GCC unroll 12
    for (int i = 0; i < 2 * kWindows; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) {
        const int c = place.oc + v * kLanes;
        StoreFirst(Relu(sums.at[r][i][v]), oc - c, image.dst + (first + i) * oc + c);
      }
    }
  }
}

// The most windows whose sums stay in registers.
template <int kVecs>
constexpr int kMaxWindows = kMaxAccumulators / (4 * kVecs);

using WindowsFunction = void (*)(const DirectImage&, const WindowPlace&);

template <bool kPooled, int kVecs, int kStep, int... kMinus1>
constexpr WindowsFunction ChooseWindows(int windows, std::integer_sequence<int, kMinus1...>) {
  if constexpr (kPooled) {
    constexpr WindowsFunction kFunctions[] = {&PooledWindows<kMinus1 + 1, kVecs, kStep>...};
    return kFunctions[windows - 1];
  } else {
    constexpr WindowsFunction kFunctions[] = {&WholeWindows<kMinus1 + 1, kVecs, kStep>...};
    return kFunctions[windows - 1];
  }
}

// All windows for kVecs vectors of channels. A block without a pool may have an odd number of rows
// or columns: then the last windows overlap others, which only computes the same again.
template <bool kPooled, int kVecs, int kStep>
void ImageChannels(const DirectImage& image, int oc) {
  const DirectConvShape& s = *image.shape;
  const int height = kPooled ? 2 * s.height : s.height;
  const int width = kPooled ? 2 * s.width : s.width;
  const int windows = (width + 1) / 2;
  // An odd width takes two blocks at least: one as wide would begin before the image.
  const int blocks =
      std::max(width % 2 == 0 ? 1 : 2, (windows + kMaxWindows<kVecs> - 1) / kMaxWindows<kVecs>);
  for (int h = 0; h < height; h += 2) {
    int window = 0;
    for (int block = 0; block < blocks; ++block) {
      const int count = windows / blocks + (block < windows % blocks ? 1 : 0);
      const WindowPlace place = {std::min(h, height - 2), std::min(2 * window, width - 2 * count),
                                 oc};
      ChooseWindows<kPooled, kVecs, kStep>(
          count, std::make_integer_sequence<int, kMaxWindows<kVecs>>())(image, place);
      window += count;
    }
  }
}

template <bool kPooled, int kStep>
void ImageForward(const DirectImage& image) {
  const int vecs = (image.shape->conv.out_channels + kLanes - 1) / kLanes;
  int v = 0;
  for (; v + 2 <= vecs; v += 2) ImageChannels<kPooled, 2, kStep>(image, v * kLanes);
  if (v < vecs) ImageChannels<kPooled, 1, kStep>(image, v * kLanes);
}

void Forward(const DirectConvShape& s, const float* src, const float* arranged, const float* bias,
             float* dst, uint8_t* codes) {
  const int64_t row = int64_t{s.conv.in_width} * s.conv.in_channels;
  const DirectImage image = {&s,
                             src,
                             arranged,
                             bias,
                             dst,
                             codes,
                             PadChannels(s.conv.out_channels),
                             row,
                             s.conv.stride_height * row,
                             int64_t{s.conv.stride_width} * s.conv.in_channels};
  if (s.pooled) {
    (image.step_w == 1 ? &ImageForward<true, 1> : &ImageForward<true, 0>)(image);
  } else {
    (image.step_w == 1 ? &ImageForward<false, 1> : &ImageForward<false, 0>)(image);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(Forward);

int64_t DirectConvWeightFloats(const Conv2dGeometry& conv) {
  return int64_t{conv.kernel_height} * conv.kernel_width * conv.in_channels *
         PadChannels(conv.out_channels);
}

void DirectConvWeights(const Conv2dGeometry& conv, const float* weight, float* arranged) {
  const int oc = conv.out_channels;
  const int padded = PadChannels(oc);
  const int taps = conv.kernel_height * conv.kernel_width * conv.in_channels;
  for (int tap = 0; tap < taps; ++tap) {
    std::copy(weight + tap * oc, weight + (tap + 1) * oc, arranged);
    std::fill(arranged + oc, arranged + padded, 0.0f);
    arranged += padded;
  }
}

void DirectConvForward(const DirectConvShape& shape, const float* src, const float* arranged,
                       const float* bias, float* dst, uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(Forward)(shape, src, arranged, bias, dst, codes);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
