#include "common/kernels/sparse_backward.h"

#include <algorithm>
#include <cstring>

#include "common/kernels/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/sparse_backward.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/compress-inl.h"
#include "common/kernels/patch_kernels-inl.h"
#include "common/kernels/pool_epilogue-inl.h"
#include "common/kernels/simd-inl.h"
#include "common/kernels/transpose-inl.h"
#include "common/kernels/window_scatter-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Lists the items of one image: the word of an item is position << 16 | channel, where position is
// 4 * window + code and windows count through the group's images; the list ends with -1. Also
// copies the gradients, 0 where dead, and adds them to the bias's.
void ListItems(const SparseBackwardShape& s, int image, const uint8_t* codes, const float* d_dst,
               const SparseBackwardBuffers& b) {
  const FloatTag d;
  const IntTag di;
  const int oc = s.conv.out_channels;
  const int padded = PadChannels(oc);
  const auto lane_numbers = hn::Iota(di, 0);
  const int first = image * s.windows();
  int32_t* next = b.items;
  float* gradients = b.gradients + int64_t{first} * padded;
  for (int window = first; window < first + s.windows(); ++window) {
    for (int c = 0; c < oc; c += kLanes) {
      const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + c));
      const auto alive = hn::Ne(code, hn::Set(di, kDeadCode));
      const FloatVec gradient =
          hn::IfThenElseZero(hn::RebindMask(d, alive), LoadFirst(d_dst + c, oc - c));
      hn::StoreU(gradient, d, gradients + c);
      hn::StoreU(hn::Add(hn::LoadU(d, b.d_bias + c), gradient), d, b.d_bias + c);
    }
    for (int k = 0; k < 4; ++k) {
      const int32_t position = (4 * window + k) << 16;
      for (int c = 0; c < oc; c += kLanes) {
        const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + c));
        const auto mask = hn::Eq(code, hn::Set(di, k));
        const auto words = hn::Add(lane_numbers, hn::Set(di, position + c));
        CompressTo(words, mask, next);
        next += hn::CountTrue(di, mask);
      }
    }
    codes += padded;
    d_dst += oc;
    gradients += padded;
  }
  *next = -1;
}

// Sorts an image's items into the lists of their channels.
void ListByChannel(const SparseBackwardShape& s, const SparseBackwardBuffers& b) {
  // Copies, because stores of integers could change what is behind a reference.
  int32_t* const lists = b.lists;
  int32_t* const sizes = b.list_sizes;
  const int64_t capacity = s.list_capacity();
  for (const int32_t* item = b.items; *item >= 0; ++item) {
    const int64_t channel = *item & 0xffff;
    const int32_t size = sizes[channel];
    lists[channel * capacity + size] = *item >> 16;
    sizes[channel] = size + 1;
  }
}

void AddWeightGradients(const SparseBackwardShape& s, const float* src,
                        const SparseBackwardBuffers& b) {
  const PatchLayout layout = LayoutOf(s.conv);
  const int64_t floats = layout.floats();
  for (const PatchBlock& block : BlocksOf(layout, kMaxAccumulators)) {
    const PatchSumFunction sum = ChoosePatchSum(block.rows, block.vecs);
    for (int channel = 0; channel < s.conv.out_channels; ++channel) {
      const PatchItems items = {b.lists + channel * s.list_capacity(), s.offsets.data(),
                                b.gradients + channel, PadChannels(s.conv.out_channels)};
      sum(b.list_sizes[channel], items,
          src + block.first_row * layout.src_row + block.first_vec * kLanes, layout.src_row,
          b.d_weight + channel * floats + block.first_row * layout.row() + block.first_vec * kLanes,
          layout.row());
    }
  }
}

void AddSourceGradients(const SparseBackwardShape& s, int image, const float* arranged,
                        float* d_src, const SparseBackwardBuffers& b) {
  const PatchLayout layout = LayoutOf(s.conv);
  const int padded = PadChannels(s.conv.out_channels);
  if (UsesWindowScatter(s.conv)) {
    for (int c = 0; c < s.conv.in_channels; c += kLanes) {
      WindowScatter(b.items, 4 * image * s.windows(), s.windows(), s.offsets.data(), b.gradients,
                    padded, arranged, d_src + c, s.conv.in_channels, layout.src_row);
      arranged += int64_t{s.conv.out_channels} * 9 * kLanes;
    }
    return;
  }
  const PatchItems items = {b.items, s.offsets.data(), b.gradients, padded};
  for (const PatchBlock& block : BlocksOf(layout, kMaxScatterVecs)) {
    ChoosePatchScatter(block.rows, block.vecs)(
        items, arranged, d_src + block.first_row * layout.src_row + block.first_vec * kLanes,
        layout.src_row);
    arranged += int64_t{s.conv.out_channels} * block.rows * block.vecs * kLanes;
  }
}

void Group(const SparseBackwardShape& s, int images, const float* src, const float* arranged,
           const uint8_t* codes, const float* d_dst, float* d_src, const SparseBackwardBuffers& b) {
  const int padded = PadChannels(s.conv.out_channels);
  std::fill(b.list_sizes, b.list_sizes + padded, 0);
  for (int image = 0; image < images; ++image) {
    ListItems(s, image, codes + int64_t{image} * s.windows() * padded,
              d_dst + int64_t{image} * s.windows() * s.conv.out_channels, b);
    ListByChannel(s, b);
    if (d_src != nullptr) {
      float* d_image = d_src + image * s.image_floats();
      std::fill(d_image, d_image + s.image_floats(), 0.0f);
      AddSourceGradients(s, image, arranged, d_src, b);
    }
  }
  AddWeightGradients(s, src, b);
}

int64_t WeightFloats(const SparseBackwardShape& s) {
  return s.conv.out_channels * LayoutOf(s.conv).floats();
}

// For WindowScatter: arranged[vector of input channels][OC][tap][kLanes].
void ArrangeTaps(const SparseBackwardShape& s, const float* weight, float* arranged) {
  const int oc = s.conv.out_channels;
  for (int c = 0; c < s.conv.in_channels; c += kLanes, arranged += int64_t{oc} * 9 * kLanes) {
    for (int tap = 0; tap < 9; ++tap) {
      TransposeMatrix(kLanes, oc, weight + (tap * int64_t{s.conv.in_channels} + c) * oc, oc,
                      arranged + tap * kLanes, 9 * kLanes);
    }
  }
}

// For PatchScatter: arranged[block][OC][rows of the block][floats of a row of the block], 0 beyond
// the kernel's row.
void ArrangeBlocks(const SparseBackwardShape& s, const float* weight, float* arranged) {
  const PatchLayout layout = LayoutOf(s.conv);
  const int oc = s.conv.out_channels;
  std::memset(arranged, 0, WeightFloats(s) * sizeof(float));
  for (const PatchBlock& block : BlocksOf(layout, kMaxScatterVecs)) {
    const int row = block.vecs * kLanes;
    const int first = block.first_vec * kLanes;
    for (int r = 0; r < block.rows; ++r) {
      TransposeMatrix(std::min(row, layout.valid - first), oc,
                      weight + ((block.first_row + r) * int64_t{layout.valid} + first) * oc, oc,
                      arranged + r * row, int64_t{block.rows} * row);
    }
    arranged += int64_t{oc} * block.rows * row;
  }
}

void ArrangeWeights(const SparseBackwardShape& s, const float* weight, float* arranged) {
  if (UsesWindowScatter(s.conv)) {
    ArrangeTaps(s, weight, arranged);
  } else {
    ArrangeBlocks(s, weight, arranged);
  }
}

void Finish(const SparseBackwardShape& s, const SparseBackwardBuffers& b, float* d_weight,
            float* d_bias) {
  const PatchLayout layout = LayoutOf(s.conv);
  const int oc = s.conv.out_channels;
  for (int r = 0; r < layout.rows; ++r) {
    TransposeMatrix(oc, layout.valid, b.d_weight + r * layout.row(), layout.floats(),
                    d_weight + r * int64_t{layout.valid} * oc, oc);
  }
  if (d_bias != nullptr) std::copy(b.d_bias, b.d_bias + oc, d_bias);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(Group);
HWY_EXPORT(WeightFloats);
HWY_EXPORT(ArrangeWeights);
HWY_EXPORT(Finish);

SparseBackwardShape MakeSparseBackwardShape(const Conv2dGeometry& conv, int pooled_height,
                                            int pooled_width) {
  SparseBackwardShape s;
  s.conv = conv;
  s.pooled_height = pooled_height;
  s.pooled_width = pooled_width;
  // As many images as stay in a first-level cache of 48 KiB beside the lists.
  constexpr int64_t kMaxFloats = 10 * 1024;
  s.group = static_cast<int>(std::clamp<int64_t>(kMaxFloats / s.image_floats(), 1, 8));
  const int64_t row = int64_t{conv.in_width} * conv.in_channels;
  for (int window = 0; window < s.group * s.windows(); ++window) {
    const int64_t image = window / s.windows();
    for (int code = 0; code < 4; ++code) {
      const int h = 2 * (window % s.windows() / pooled_width) + code % 2;
      const int w = 2 * (window % s.windows() % pooled_width) + code / 2;
      s.offsets.push_back(static_cast<int32_t>(image * s.image_floats() +
                                               h * conv.stride_height * row +
                                               w * conv.stride_width * conv.in_channels));
    }
  }
  return s;
}

SparseBackwardBuffers CarveSparseBackward(const SparseBackwardShape& s, WorkspaceCarver& carver) {
  const int64_t padded = PadChannels(s.conv.out_channels);
  const int64_t kernel_row = PadChannels(s.conv.kernel_width * s.conv.in_channels);
  SparseBackwardBuffers b;
  b.gradients = carver.Take<float>(s.list_capacity() * padded);
  // A whole vector is stored beyond the last item.
  b.items = carver.Take<int32_t>(s.windows() * padded + kChannelPadding);
  b.list_sizes = carver.Take<int32_t>(padded);
  b.lists = carver.Take<int32_t>(padded * s.list_capacity());
  b.d_weight = carver.Take<float>(s.conv.out_channels * s.conv.kernel_height * kernel_row);
  b.d_bias = carver.Take<float>(padded);
  return b;
}

int64_t SparseBackwardWeightFloats(const SparseBackwardShape& shape) {
  return HWY_DYNAMIC_DISPATCH(WeightFloats)(shape);
}

void SparseBackwardWeights(const SparseBackwardShape& shape, const float* weight, float* arranged) {
  HWY_DYNAMIC_DISPATCH(ArrangeWeights)(shape, weight, arranged);
}

void SparseBackwardStart(const SparseBackwardShape& s, const SparseBackwardBuffers& b) {
  const int64_t kernel_row = PadChannels(s.conv.kernel_width * s.conv.in_channels);
  std::memset(b.d_weight, 0,
              s.conv.out_channels * s.conv.kernel_height * kernel_row * sizeof(float));
  std::memset(b.d_bias, 0, PadChannels(s.conv.out_channels) * sizeof(float));
}

void SparseBackwardGroup(const SparseBackwardShape& shape, int images, const float* src,
                         const float* arranged_weights, const uint8_t* codes, const float* d_dst,
                         float* d_src, const SparseBackwardBuffers& buffers) {
  HWY_DYNAMIC_DISPATCH(Group)
  (shape, images, src, arranged_weights, codes, d_dst, d_src, buffers);
}

void SparseBackwardFinish(const SparseBackwardShape& shape, const SparseBackwardBuffers& buffers,
                          float* d_weight, float* d_bias) {
  HWY_DYNAMIC_DISPATCH(Finish)(shape, buffers, d_weight, d_bias);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
