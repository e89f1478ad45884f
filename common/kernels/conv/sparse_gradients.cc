// Gradients through a 2x2 max-pool, which lets through one of four (sparse_gradients.h): dense
// kernels would multiply by 0 three times in four, and more behind a ReLU. What is not 0 is listed
// instead, twice, because the two gradients want it in another order:
//   d_weight: by output channel, so that the sum over a list's patches stays in registers while one
//     after another is added; codes of kLanes windows x kLanes channels are transposed and
//     compressed;
//   d_src: by window, as bits of the channels that have each code, so that a window's inputs stay
//   in
//     registers while the weights of its channels are added.
// patch_kernels-inl.h and window_scatter-inl.h have the sums themselves.
#include "common/kernels/conv/sparse_gradients.h"

#include <algorithm>
#include <cstring>

#include "common/kernels/simd/channel_padding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/sparse_gradients.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/conv/patch_kernels-inl.h"
#include "common/kernels/conv/window_scatter-inl.h"
#include "common/kernels/pooling/pool_epilogue-inl.h"
#include "common/kernels/simd/compress-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "common/kernels/simd/transpose-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Marks the channels of an image's items as patch_kernels-inl.h has it. Takes kBytes codes at a
// time.
template <int kBytes>
void MarkChannels(const SparseGradientShape& s, const uint8_t* codes, uint64_t* channels) {
  const hn::FixedTag<uint8_t, kBytes> d;
  const int oc = s.conv.out_channels;
  const int padded = PadChannels(oc);
  // Codes of channels that do not exist may be anything.
  const uint64_t last_word = ~uint64_t{0} >> (64 * s.words() - oc);
  for (int window = 0; window < s.windows(); ++window, codes += padded) {
    for (uint8_t k = 0; k < 4; ++k, channels += s.words()) {
      for (int c = 0; c < padded; c += kBytes) {
        uint8_t bytes[8] = {};
        hn::StoreMaskBits(d, hn::Eq(hn::LoadU(d, codes + c), hn::Set(d, k)), bytes);
        uint64_t bits;
        std::memcpy(&bits, bytes, sizeof bits);
        channels[c / 64] = (c % 64 == 0 ? 0 : channels[c / 64]) | bits << (c % 64);
      }
      channels[s.words() - 1] &= last_word;
    }
  }
}

void MarkChannels(const SparseGradientShape& s, const uint8_t* codes, uint64_t* channels) {
  constexpr int kBytes = 4 * kLanes;
  if (PadChannels(s.conv.out_channels) % kBytes == 0) {
    MarkChannels<kBytes>(s, codes, channels);
  } else {
    MarkChannels<16>(s, codes, channels);
  }
}

// The items of kLanes channels from c on in kLanes windows, of which `rows` exist, window by
// window: offsets of their patches, -1 where dead, and gradients. Adds the gradients to the bias's.
struct ItemTile {
  HWY_ALIGN int32_t offsets[kLanes * kLanes];
  HWY_ALIGN float gradients[kLanes * kLanes];
};

void FillItemTile(const SparseGradientShape& s, int first, int rows, int c, const uint8_t* codes,
                  const float* d_dst, float* d_bias, ItemTile& tile) {
  const FloatTag d;
  const IntTag di;
  const int oc = s.conv.out_channels;
  const auto down = hn::Set(di, s.offsets[1] - s.offsets[0]);
  const auto right = hn::Set(di, s.offsets[2] - s.offsets[0]);
  FloatVec bias = hn::LoadU(d, d_bias);
  for (int r = 0; r < rows; ++r) {
    const int64_t window = first + r;
    const auto code = hn::PromoteTo(di, hn::LoadU(CodeTag(), codes + window * PadChannels(oc) + c));
    const auto alive = hn::Ne(code, hn::Set(di, kDeadCode));
    auto offset = hn::Set(di, s.offsets[4 * window]);
    offset = hn::Add(offset, hn::IfThenElseZero(hn::TestBit(code, hn::Set(di, 1)), down));
    offset = hn::Add(offset, hn::IfThenElseZero(hn::TestBit(code, hn::Set(di, 2)), right));
    hn::Store(hn::IfThenElse(alive, offset, hn::Set(di, -1)), di, tile.offsets + r * kLanes);
    const FloatVec gradient =
        hn::IfThenElseZero(hn::RebindMask(d, alive), LoadFirst(d_dst + window * oc + c, oc - c));
    hn::Store(gradient, d, tile.gradients + r * kLanes);
    bias = hn::Add(bias, gradient);
  }
  for (int r = rows; r < kLanes; ++r) {
    hn::Store(hn::Set(di, -1), di, tile.offsets + r * kLanes);
    hn::Store(hn::Zero(d), d, tile.gradients + r * kLanes);
  }
  hn::StoreU(bias, d, d_bias);
}

// Lists the items of `windows` windows by channel, each channel's in the order of the windows.
void ListByChannel(const SparseGradientShape& s, int windows, const uint8_t* codes,
                   const float* d_dst, const SparseGradientBuffers& b) {
  const FloatTag d;
  const IntTag di;
  const int64_t list_row = s.list_row();
  for (int c = 0; c < s.conv.out_channels; c += kLanes) {
    int32_t sizes[kLanes] = {};
    for (int first = 0; first < windows; first += kLanes) {
      ItemTile by_window;
      ItemTile by_channel;
      FillItemTile(s, first, std::min(kLanes, windows - first), c, codes, d_dst, b.d_bias + c,
                   by_window);
      TransposeMatrix(kLanes, kLanes, by_window.offsets, kLanes, by_channel.offsets, kLanes);
      TransposeMatrix(kLanes, kLanes, by_window.gradients, kLanes, by_channel.gradients, kLanes);
      for (int lane = 0; lane < kLanes; ++lane) {
        const auto offset = hn::Load(di, by_channel.offsets + lane * kLanes);
        const auto alive = hn::Ne(offset, hn::Set(di, -1));
        const int64_t end = (c + lane) * list_row + sizes[lane];
        CompressTo(offset, alive, b.offsets + end);
        CompressTo(hn::Load(d, by_channel.gradients + lane * kLanes), hn::RebindMask(d, alive),
                   b.gradients + end);
        sizes[lane] += static_cast<int32_t>(hn::CountTrue(di, alive));
      }
    }
    std::copy(sizes, sizes + kLanes, b.list_sizes + c);
  }
}

void AddWeightGradients(const SparseGradientShape& s, const float* src,
                        const SparseGradientBuffers& b) {
  const PatchLayout layout = LayoutOf(s.conv);
  const int64_t floats = layout.floats();
  for (const PatchBlock& block : BlocksOf(layout, kMaxAccumulators)) {
    const PatchSumFunction sum = ChoosePatchSum(block.rows, block.vecs);
    for (int channel = 0; channel < s.conv.out_channels; ++channel) {
      const int64_t list = channel * s.list_row();
      const PatchItems items = {b.list_sizes[channel], b.offsets + list, b.gradients + list};
      sum(items, src + block.first_row * layout.src_row + block.first_vec * kLanes, layout.src_row,
          b.d_weight + channel * floats + block.first_row * layout.row() + block.first_vec * kLanes,
          layout.row());
    }
  }
}

// d_src of an image, which holds zeros.
void AddSourceGradients(const SparseGradientShape& s, const ChannelItems& items,
                        const float* arranged, float* d_src) {
  const PatchLayout layout = LayoutOf(s.conv);
  if (UsesWindowScatter(s.conv)) {
    for (int c = 0; c < s.conv.in_channels; c += kLanes) {
      WindowScatter(items, s.pooled_height, s.pooled_width, arranged,
                    {d_src + c, s.conv.in_channels, layout.src_row});
      arranged += int64_t{s.conv.out_channels} * 9 * kLanes;
    }
    return;
  }
  for (const PatchBlock& block : BlocksOf(layout, kMaxScatterVecs)) {
    ChoosePatchScatter(block.rows, block.vecs)(
        items, arranged, d_src + block.first_row * layout.src_row + block.first_vec * kLanes,
        layout.src_row);
    arranged += int64_t{s.conv.out_channels} * block.rows * block.vecs * kLanes;
  }
}

void Group(const SparseGradientShape& s, int images, const float* src, const float* arranged,
           const uint8_t* codes, const float* d_dst, float* d_src, const SparseGradientBuffers& b) {
  const int windows = images * s.windows();
  if (d_src != nullptr) {
    const int64_t image_windows = s.windows();
    for (int image = 0; image < images; ++image) {
      MarkChannels(s, codes + image * image_windows * PadChannels(s.conv.out_channels), b.channels);
      float* d_image = d_src + image * s.image_floats();
      std::fill(d_image, d_image + s.image_floats(), 0.0f);
      AddSourceGradients(s,
                         {s.windows(), s.words(), b.channels, s.offsets.data(),
                          d_dst + image * image_windows * s.conv.out_channels, s.conv.out_channels},
                         arranged, d_image);
    }
  }
  ListByChannel(s, windows, codes, d_dst, b);
  AddWeightGradients(s, src, b);
}

int64_t WeightFloats(const SparseGradientShape& s) {
  return s.conv.out_channels * LayoutOf(s.conv).floats();
}

// For WindowScatter: arranged[vector of input channels][OC][tap][kLanes].
void ArrangeTaps(const SparseGradientShape& s, const float* weight, float* arranged) {
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
void ArrangeBlocks(const SparseGradientShape& s, const float* weight, float* arranged) {
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

void ArrangeWeights(const SparseGradientShape& s, const float* weight, float* arranged) {
  if (UsesWindowScatter(s.conv)) {
    ArrangeTaps(s, weight, arranged);
  } else {
    ArrangeBlocks(s, weight, arranged);
  }
}

void Finish(const SparseGradientShape& s, const SparseGradientBuffers& b, float* d_weight,
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

SparseGradientShape MakeSparseGradientShape(const Conv2dGeometry& conv, int pooled_height,
                                            int pooled_width) {
  SparseGradientShape s;
  s.conv = conv;
  s.pooled_height = pooled_height;
  s.pooled_width = pooled_width;
  // As many images as stay in a first-level cache of 48 KiB beside the lists.
  constexpr int64_t kMaxFloats = 11 * 1024;
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

SparseGradientBuffers CarveSparseGradients(const SparseGradientShape& s, WorkspaceCarver& carver) {
  const int64_t padded = PadChannels(s.conv.out_channels);
  const int64_t kernel_row = PadChannels(s.conv.kernel_width * s.conv.in_channels);
  SparseGradientBuffers b;
  b.channels = carver.Take<uint64_t>(int64_t{4} * s.windows() * s.words());
  b.list_sizes = carver.Take<int32_t>(padded);
  b.offsets = carver.Take<int32_t>(padded * s.list_row());
  b.gradients = carver.Take<float>(padded * s.list_row());
  b.d_weight = carver.Take<float>(s.conv.out_channels * s.conv.kernel_height * kernel_row);
  b.d_bias = carver.Take<float>(padded);
  return b;
}

int64_t SparseGradientWeightFloats(const SparseGradientShape& shape) {
  return HWY_DYNAMIC_DISPATCH(WeightFloats)(shape);
}

void SparseGradientWeights(const SparseGradientShape& shape, const float* weight, float* arranged) {
  HWY_DYNAMIC_DISPATCH(ArrangeWeights)(shape, weight, arranged);
}

void SparseGradientsStart(const SparseGradientShape& s, const SparseGradientBuffers& b) {
  const int64_t kernel_row = PadChannels(s.conv.kernel_width * s.conv.in_channels);
  std::memset(b.d_weight, 0,
              s.conv.out_channels * s.conv.kernel_height * kernel_row * sizeof(float));
  std::memset(b.d_bias, 0, PadChannels(s.conv.out_channels) * sizeof(float));
}

void SparseGradientsGroup(const SparseGradientShape& shape, int images, const float* src,
                          const float* arranged_weights, const uint8_t* codes, const float* d_dst,
                          float* d_src, const SparseGradientBuffers& buffers) {
  HWY_DYNAMIC_DISPATCH(Group)
  (shape, images, src, arranged_weights, codes, d_dst, d_src, buffers);
}

void SparseGradientsFinish(const SparseGradientShape& shape, const SparseGradientBuffers& buffers,
                           float* d_weight, float* d_bias) {
  HWY_DYNAMIC_DISPATCH(Finish)(shape, buffers, d_weight, d_bias);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
