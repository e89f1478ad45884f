// The inner loops of sparse_gradients.cc, as a Highway "-inl.h": sums over lists of patches. A
// patch is cut into blocks of rows x vectors that stay in registers.
#if defined(CONVOY_KERNELS_PATCH_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_PATCH_KERNELS_INL_H_
#undef CONVOY_KERNELS_PATCH_KERNELS_INL_H_
#else
#define CONVOY_KERNELS_PATCH_KERNELS_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstdint>

#include "common/kernels/conv/conv2d_geometry.h"
#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct PatchLayout {
  int rows;         // kernel height
  int valid;        // floats of a row: kernel width * IC
  int vecs;         // vectors of a row, the last may be partly beyond it
  int64_t src_row;  // floats from one row to the next in an image

  int row() const { return vecs * kLanes; }
  int64_t floats() const { return int64_t{rows} * row(); }
};

inline PatchLayout LayoutOf(const Conv2dGeometry& conv) {
  const int valid = conv.kernel_width * conv.in_channels;
  return {conv.kernel_height, valid, (valid + kLanes - 1) / kLanes,
          int64_t{conv.in_width} * conv.in_channels};
}

struct PatchBlock {
  int first_row;
  int rows;
  int first_vec;
  int vecs;
};

// The blocks that PatchSum and PatchScatter are compiled for.
inline constexpr int kPatchRows[] = {5, 3, 2, 1};
inline constexpr int kPatchVecs[] = {6, 4, 3, 2, 1};

// An iterable of the blocks of a patch, each of at most `max_vectors` vectors. For a patch's rows
// the largest compiled number that fits is taken, then the row is cut into nearly equal parts.
class BlocksOf {
 public:
  BlocksOf(const PatchLayout& layout, int max_vectors)
      : layout_(layout), max_vectors_(max_vectors) {}

  class Iterator {
   public:
    Iterator(const BlocksOf* blocks, int row) : blocks_(blocks) { block_ = blocks_->At(row, 0); }
    const PatchBlock& operator*() const { return block_; }
    Iterator& operator++() {
      const int next_vec = block_.first_vec + block_.vecs;
      block_ = next_vec < blocks_->layout_.vecs ? blocks_->At(block_.first_row, next_vec)
                                                : blocks_->At(block_.first_row + block_.rows, 0);
      return *this;
    }
    bool operator!=(const Iterator& other) const {
      return block_.first_row != other.block_.first_row ||
             block_.first_vec != other.block_.first_vec;
    }

   private:
    const BlocksOf* blocks_;
    PatchBlock block_;
  };

  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, layout_.rows); }

 private:
  PatchBlock At(int row, int vec) const {
    PatchBlock block{row, 1, vec, 1};
    for (int rows : kPatchRows) {
      if (rows <= layout_.rows - row && rows <= max_vectors_) {
        block.rows = rows;
        break;
      }
    }
    const int most = max_vectors_ / block.rows;
    const int left = layout_.vecs - vec;
    const int parts = (left + most - 1) / most;
    for (int vecs : kPatchVecs) {
      if (parts > 0 && vecs <= (left + parts - 1) / parts) {
        block.vecs = vecs;
        break;
      }
    }
    return block;
  }

  PatchLayout layout_;
  int max_vectors_;
};

// Returns row + floats, in a way that makes the compiler keep one pointer a row: left to itself GCC
// computes the address of every vector anew.
HWY_INLINE const float* NextRow(const float* row, int64_t floats) {
  row += floats;
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
  asm("" : "+r"(row));
#endif
  return row;
}

// A list of items of one channel: where their patches begin, and their gradients.
struct PatchItems {
  int count;
  const int32_t* offsets;
  const float* gradients;
};

// sums[kRows, kVecs vectors] += sum over the items of gradient * src[offset .., kRows, kVecs].
template <int kRows, int kVecs>
void PatchSum(const PatchItems& list, const float* src, int64_t src_row, float* sums,
              int64_t sums_row) {
  const PatchItems items = list;
  const FloatTag d;
  FloatVec acc[kRows][kVecs];
#pragma GCC unroll 5
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 6
    for (int v = 0; v < kVecs; ++v) acc[r][v] = hn::LoadU(d, sums + r * sums_row + v * kLanes);
  }
  for (int i = 0; i < items.count; ++i) {
    const float* row = src + items.offsets[i];
    const FloatVec gradient = hn::Set(d, items.gradients[i]);
#pragma GCC unroll 5
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 6
      for (int v = 0; v < kVecs; ++v) {
        acc[r][v] = hn::MulAdd(gradient, hn::LoadU(d, row + v * kLanes), acc[r][v]);
      }
      row = NextRow(row, src_row);
    }
  }
#pragma GCC unroll 5
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 6
    for (int v = 0; v < kVecs; ++v) hn::StoreU(acc[r][v], d, sums + r * sums_row + v * kLanes);
  }
}

using PatchSumFunction = void (*)(const PatchItems&, const float*, int64_t, float*, int64_t);

// Vectors of a patch that PatchScatter holds at once. Fewer make the weights of a block, which are
// read in random order, fit into the first-level cache.
inline constexpr int kMaxScatterVecs = 9;

// The items of all channels of an image: `words` words for each code of each window, in which bit
// c % 64 of word c / 64 says that channel c of the window has the code.
struct ChannelItems {
  int windows;
  int words;
  const uint64_t* channels;  // [windows, 4, words]
  const int32_t* offsets;    // [windows, 4]: where the patches begin
  const float* gradients;    // [windows, channels]
  int64_t gradient_row;
};

// dst[position's patch, kRows, kVecs] += gradient * weights[channel, kRows, kVecs] for all items.
template <int kRows, int kVecs>
void PatchScatter(const ChannelItems& all, const float* weights, float* dst, int64_t dst_row) {
  const FloatTag d;
  constexpr int kFloats = kRows * kVecs * kLanes;
  const ChannelItems items = all;
  const uint64_t* channels = items.channels;
  for (int position = 0; position < 4 * items.windows; ++position, channels += items.words) {
    float* patch = dst + items.offsets[position];
    const float* gradients = items.gradients + (position >> 2) * items.gradient_row;
    FloatVec acc[kRows][kVecs];
#pragma GCC unroll 5
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 6
      for (int v = 0; v < kVecs; ++v) acc[r][v] = hn::LoadU(d, patch + r * dst_row + v * kLanes);
    }
    for (int word = 0; word < items.words; ++word) {
      for (uint64_t left = channels[word]; left != 0; left &= left - 1) {
        const int64_t channel = 64 * word + std::countr_zero(left);
        const FloatVec gradient = hn::Set(d, gradients[channel]);
        const float* weight = weights + channel * kFloats;
#pragma GCC unroll 5
        for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 6
          for (int v = 0; v < kVecs; ++v) {
            acc[r][v] =
                hn::MulAdd(gradient, hn::LoadU(d, weight + (r * kVecs + v) * kLanes), acc[r][v]);
          }
        }
      }
    }
#pragma GCC unroll 5
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 6
      for (int v = 0; v < kVecs; ++v) hn::StoreU(acc[r][v], d, patch + r * dst_row + v * kLanes);
    }
  }
}

using PatchScatterFunction = void (*)(const ChannelItems&, const float*, float*, int64_t);

template <int kRows>
PatchSumFunction ChoosePatchSum(int vecs) {
  switch (vecs) {
    case 1:
      return &PatchSum<kRows, 1>;
    case 2:
      return &PatchSum<kRows, 2>;
    case 3:
      return &PatchSum<kRows, 3>;
    case 4:
      return &PatchSum<kRows, 4>;
    default:
      return &PatchSum<kRows, 6>;
  }
}

inline PatchSumFunction ChoosePatchSum(int rows, int vecs) {
  switch (rows) {
    case 1:
      return ChoosePatchSum<1>(vecs);
    case 2:
      return ChoosePatchSum<2>(vecs);
    case 3:
      return ChoosePatchSum<3>(vecs);
    default:
      return ChoosePatchSum<5>(vecs);
  }
}

template <int kRows>
PatchScatterFunction ChoosePatchScatter(int vecs) {
  switch (vecs) {
    case 1:
      return &PatchScatter<kRows, 1>;
    case 2:
      return &PatchScatter<kRows, 2>;
    case 3:
      return &PatchScatter<kRows, 3>;
    case 4:
      return &PatchScatter<kRows, 4>;
    default:
      return &PatchScatter<kRows, 6>;
  }
}

inline PatchScatterFunction ChoosePatchScatter(int rows, int vecs) {
  switch (rows) {
    case 1:
      return ChoosePatchScatter<1>(vecs);
    case 2:
      return ChoosePatchScatter<2>(vecs);
    case 3:
      return ChoosePatchScatter<3>(vecs);
    default:
      return ChoosePatchScatter<5>(vecs);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
