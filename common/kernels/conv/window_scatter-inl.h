// The input gradients of sparse_gradients.cc for 3x3 kernels with 32 registers, as a Highway
// "-inl.h": all 4 x 4 inputs that a window's items touch stay in registers, so that they are loaded
// and stored once a window instead of once a position.
#if defined(CONVOY_KERNELS_WINDOW_SCATTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_WINDOW_SCATTER_INL_H_
#undef CONVOY_KERNELS_WINDOW_SCATTER_INL_H_
#else
#define CONVOY_KERNELS_WINDOW_SCATTER_INL_H_
#endif

#include <bit>
#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/conv/patch_kernels-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whether WindowScatter takes the convolution.
inline bool UsesWindowScatter(const Conv2dGeometry& conv) {
  return kMaxAccumulators >= 16 && conv.kernel_height == 3 && conv.kernel_width == 3 &&
         conv.stride_height == 1 && conv.stride_width == 1 && conv.in_channels % kLanes == 0;
}

// The inputs that a window touches, one vector each. Columns are numbered modulo 4: the window to
// the right of one has two columns in common with it, which stay where they are.
using WindowInputs = FloatVec[4][4];

// Adds the items of one code of a window to the inputs from (kRow, kColumn) on.
template <int kRow, int kColumn>
HWY_INLINE void AddItems(const uint64_t* channels, int words, const float* gradients,
                         const float* weights, WindowInputs& inputs) {
  const FloatTag d;
  for (int word = 0; word < words; ++word) {
    // As little integer work as possible: it shares ports with the multiply-adds.
    const float* word_gradients = gradients + 64 * word;
    const float* word_weights = weights + int64_t{64 * 9 * kLanes} * word;
    for (uint64_t left = channels[word]; left != 0; left &= left - 1) {
      const int64_t channel = std::countr_zero(left);
      const FloatVec gradient = hn::Set(d, word_gradients[channel]);
      const float* weight = NextRow(word_weights, channel * (9 * kLanes));
#pragma GCC unroll 3
      for (int r = 0; r < 3; ++r) {
#pragma GCC unroll 3
        for (int c = 0; c < 3; ++c) {
          FloatVec& sum = inputs[kRow + r][(kColumn + c) % 4];
          sum = hn::MulAdd(gradient, hn::LoadU(d, weight + (3 * r + c) * kLanes), sum);
        }
      }
    }
  }
}

// Where WindowScatter writes: rows and pixels of d_src are `row` and `pixel` floats apart.
struct ScatterTarget {
  float* at;
  int64_t pixel;
  int64_t row;
};

// Takes in columns kColumn and on, two of them. The upper two rows have been written by the windows
// above, if there are any (`below`).
template <int kColumn>
HWY_INLINE void StartColumns(const ScatterTarget& target, bool below, WindowInputs& inputs) {
  const FloatTag d;
#pragma GCC unroll 2
  for (int c = 0; c < 2; ++c) {
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      inputs[r][kColumn + c] =
          below ? hn::LoadU(d, target.at + r * target.row + c * target.pixel) : hn::Zero(d);
      inputs[r + 2][kColumn + c] = hn::Zero(d);
    }
  }
}

template <int kColumn>
HWY_INLINE void StoreColumns(const ScatterTarget& target, const WindowInputs& inputs) {
  const FloatTag d;
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < 2; ++c) {
      hn::StoreU(inputs[r][kColumn + c], d, target.at + r * target.row + c * target.pixel);
    }
  }
}

// One window, whose left columns are kColumn and on, and moves on to the next.
template <int kColumn>
HWY_INLINE void ScatterWindow(const ChannelItems& items, const uint64_t*& channels,
                              const float*& gradients, const float* weights, bool below,
                              ScatterTarget& target, WindowInputs& inputs) {
  const int words = items.words;
  const ScatterTarget right = {target.at + 2 * target.pixel, target.pixel, target.row};
  StartColumns<(kColumn + 2) % 4>(right, below, inputs);
  // Codes are row + 2 * column.
  AddItems<0, kColumn>(channels, words, gradients, weights, inputs);
  AddItems<1, kColumn>(channels + words, words, gradients, weights, inputs);
  AddItems<0, kColumn + 1>(channels + 2 * words, words, gradients, weights, inputs);
  AddItems<1, kColumn + 1>(channels + 3 * words, words, gradients, weights, inputs);
  StoreColumns<kColumn>(target, inputs);
  channels += 4 * words;
  gradients += items.gradient_row;
  target = right;
}

// For kLanes input channels: d_src[pixels of an image's windows] = the sum of gradient *
// weights[channel, tap, kLanes] over all items. Pixels that no window touches stay as they are.
inline void WindowScatter(const ChannelItems& all, int pooled_height, int pooled_width,
                          const float* weights, const ScatterTarget& target) {
  const ChannelItems items = all;
  const uint64_t* channels = items.channels;
  const float* gradients = items.gradients;
  for (int h = 0; h < pooled_height; ++h) {
    ScatterTarget at = {target.at + 2 * h * target.row, target.pixel, target.row};
    const bool below = h > 0;
    WindowInputs inputs;
    StartColumns<0>(at, below, inputs);
    int left = pooled_width;
    for (; left >= 2; left -= 2) {
      ScatterWindow<0>(items, channels, gradients, weights, below, at, inputs);
      ScatterWindow<2>(items, channels, gradients, weights, below, at, inputs);
    }
    if (left == 0) {
      StoreColumns<0>(at, inputs);
    } else {
      ScatterWindow<0>(items, channels, gradients, weights, below, at, inputs);
      StoreColumns<2>(at, inputs);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
