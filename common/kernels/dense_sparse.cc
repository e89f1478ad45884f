#include "common/kernels/dense_sparse.h"

#include <algorithm>

#include "common/kernels/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/dense_sparse.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/compress-inl.h"
#include "common/kernels/simd-inl.h"
#include "common/kernels/simd_gemm-inl.h"
#include "common/kernels/transpose-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Vectors of a row that are summed at once: enough to hide a multiply-add's latency, few enough for
// the rows' parts to stay in the first-level cache.
inline constexpr int kMaxRowVecs = 8;

// dst[kVecs vectors] = (kAdd ? dst : 0) + the sum over `count` items of value * rows[index]. Of the
// last vector `tail` elements exist.
template <int kVecs, bool kAdd>
void SumRowVecs(int count, const int32_t* indices, const float* values, const float* rows,
                int64_t row, int tail, float* dst) {
  const FloatTag d;
  FloatVec acc[kVecs];
#pragma GCC unroll 8
  for (int v = 0; v < kVecs; ++v) {
    acc[v] = kAdd ? LoadFirst(dst + v * kLanes, v + 1 < kVecs ? kLanes : tail) : hn::Zero(d);
  }
  for (int i = 0; i < count; ++i) {
    const float* from = rows + indices[i] * row;
    const FloatVec value = hn::Set(d, values[i]);
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) {
      const FloatVec x = LoadFirst(from + v * kLanes, v + 1 < kVecs ? kLanes : tail);
      acc[v] = hn::MulAdd(value, x, acc[v]);
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVecs; ++v) {
    StoreFirst(acc[v], v + 1 < kVecs ? kLanes : tail, dst + v * kLanes);
  }
}

// As above for any number of vectors up to kMaxRowVecs.
template <bool kAdd>
void SumRows(int size, int count, const int32_t* indices, const float* values, const float* rows,
             int64_t row, float* dst) {
  const int vecs = (size + kLanes - 1) / kLanes;
  const int tail = size - (vecs - 1) * kLanes;
  switch (vecs) {
    case 1:
      return SumRowVecs<1, kAdd>(count, indices, values, rows, row, tail, dst);
    case 2:
      return SumRowVecs<2, kAdd>(count, indices, values, rows, row, tail, dst);
    case 3:
      return SumRowVecs<3, kAdd>(count, indices, values, rows, row, tail, dst);
    case 4:
      return SumRowVecs<4, kAdd>(count, indices, values, rows, row, tail, dst);
    case 5:
      return SumRowVecs<5, kAdd>(count, indices, values, rows, row, tail, dst);
    case 6:
      return SumRowVecs<6, kAdd>(count, indices, values, rows, row, tail, dst);
    case 7:
      return SumRowVecs<7, kAdd>(count, indices, values, rows, row, tail, dst);
    default:
      return SumRowVecs<8, kAdd>(count, indices, values, rows, row, tail, dst);
  }
}

// Appends the elements of values[size] that are not 0 to a list; returns their number. Up to kLanes
// elements beyond the list are overwritten.
int ListNonzeros(const float* values, int size, int32_t* indices, float* listed) {
  const FloatTag d;
  const IntTag di;
  const auto lane_numbers = hn::Iota(di, 0);
  int count = 0;
  for (int i = 0; i < size; i += kLanes) {
    const FloatVec x = LoadFirst(values + i, size - i);
    const auto nonzero = hn::Ne(x, hn::Zero(d));
    CompressTo(x, nonzero, listed + count);
    CompressTo(hn::Add(lane_numbers, hn::Set(di, i)), hn::RebindMask(di, nonzero), indices + count);
    count += static_cast<int>(hn::CountTrue(d, nonzero));
  }
  return count;
}

// The lists of the rows of d_dst[n, out]: that of an image begins at image * out.
void ListByImage(int n, int out, const float* d_dst, const DenseGradientBuffers& b) {
  for (int image = 0; image < n; ++image) {
    const int64_t at = int64_t{image} * out;
    b.sizes[image] = ListNonzeros(d_dst + at, out, b.indices + at, b.values + at);
  }
}

// The lists of the columns, each in the order of the images: that of an output begins at output *
// n.
void ListByOutput(int n, int out, const float* d_dst, const DenseGradientBuffers& buffers) {
  // A copy, because stores of integers could change what is behind a reference.
  const DenseGradientBuffers b = buffers;
  std::fill(b.sizes, b.sizes + out, 0);
  for (int image = 0; image < n; ++image) {
    for (int o = 0; o < out; ++o) {
      // Written in any case, so that there is no branch to foresee; kept if not 0.
      const float value = d_dst[int64_t{image} * out + o];
      const int64_t at = int64_t{o} * n + b.sizes[o];
      b.indices[at] = image;
      b.values[at] = value;
      b.sizes[o] += value != 0 ? 1 : 0;
    }
  }
}

int64_t CountNonzeros(int64_t size, const float* values) {
  int64_t count = 0;
  for (int64_t i = 0; i < size; ++i) count += values[i] != 0 ? 1 : 0;
  return count;
}

// Up to this many images are worth listing one by one in Forward: then reading the weights is what
// takes time, and those that meet a zero need not be read.
constexpr int kMaxListedImages = 3;

// dst[out] += src[in] weight without the zeros of src.
void AddNonzeroInputs(int in, int out, const float* src, const float* weight, float* dst) {
  constexpr int kBlock = 256;
  int32_t indices[kBlock + kLanes];
  float values[kBlock + kLanes];
  for (int first = 0; first < in; first += kBlock) {
    const int count = ListNonzeros(src + first, std::min(kBlock, in - first), indices, values);
    for (int o = 0; o < out; o += kMaxRowVecs * kLanes) {
      SumRows<true>(std::min(kMaxRowVecs * kLanes, out - o), count, indices, values,
                    weight + int64_t{first} * out + o, out, dst + o);
    }
  }
}

void Forward(int n, int in, int out, const float* src, const float* weight, const float* bias,
             float* dst) {
  for (int64_t image = 0; image < n; ++image) {
    if (bias == nullptr) {
      std::fill(dst + image * out, dst + (image + 1) * out, 0.0f);
    } else {
      std::copy(bias, bias + out, dst + image * out);
    }
  }
  if (n > kMaxListedImages) {
    GemmInCache<true>({src, in, 1, weight, out, dst, out}, n, out, in);
    return;
  }
  for (int64_t image = 0; image < n; ++image) {
    AddNonzeroInputs(in, out, src + image * in, weight, dst + image * out);
  }
}

void Transposed(int in, int out, const float* weight, float* transposed) {
  TransposeMatrix(in, out, weight, out, transposed, in);
}

void SrcGradient(int n, int in, int out, const float* d_dst, const float* transposed, float* d_src,
                 const DenseGradientBuffers& b) {
  if (!DenseSrcGradientIsSparse(n, out, CountNonzeros(int64_t{n} * out, d_dst))) {
    GemmInCache<false>({d_dst, out, 1, transposed, in, d_src, in}, n, in, out);
    return;
  }
  ListByImage(n, out, d_dst, b);
  for (int first = 0; first < in; first += kMaxRowVecs * kLanes) {
    const int size = std::min(kMaxRowVecs * kLanes, in - first);
    for (int image = 0; image < n; ++image) {
      const int64_t list = int64_t{image} * out;
      SumRows<false>(size, b.sizes[image], b.indices + list, b.values + list, transposed + first,
                     in, d_src + int64_t{image} * in + first);
    }
  }
}

void WeightGradient(int n, int in, int out, const float* src, int64_t src_row, const float* d_dst,
                    float* d_weight, const DenseGradientBuffers& b) {
  if (!DenseWeightGradientIsSparse(n, out, CountNonzeros(int64_t{n} * out, d_dst))) {
    GemmInCache<false>({src, 1, src_row, d_dst, out, d_weight, out}, in, out, n);
    return;
  }
  ListByOutput(n, out, d_dst, b);
  constexpr int kTileRow = 4 * kLanes;
  for (int first = 0; first < in; first += kTileRow) {
    const int size = std::min(kTileRow, in - first);
    for (int o = 0; o < out; ++o) {
      const int64_t list = int64_t{o} * n;
      SumRows<false>(size, b.sizes[o], b.indices + list, b.values + list, src + first, src_row,
                     b.tile + int64_t{o} * kTileRow);
    }
    TransposeMatrix(out, size, b.tile, kTileRow, d_weight + int64_t{first} * out, out);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(Forward);
HWY_EXPORT(Transposed);
HWY_EXPORT(SrcGradient);
HWY_EXPORT(WeightGradient);

void DenseForwardInCache(int n, int in, int out, const float* src, const float* weight,
                         const float* bias, float* dst) {
  HWY_DYNAMIC_DISPATCH(Forward)(n, in, out, src, weight, bias, dst);
}

int64_t DenseTransposedFloats(int in, int out) { return int64_t{in} * out; }

void DenseTransposed(int in, int out, const float* weight, float* transposed) {
  HWY_DYNAMIC_DISPATCH(Transposed)(in, out, weight, transposed);
}

DenseGradientBuffers CarveDenseGradients(int max_images, int out, WorkspaceCarver& carver) {
  DenseGradientBuffers b;
  const int64_t size = int64_t{max_images} * out;
  b.sizes = carver.Take<int32_t>(std::max(max_images, out));
  b.indices = carver.Take<int32_t>(size + 16);
  b.values = carver.Take<float>(size + 16);
  b.tile = carver.Take<float>(int64_t{out} * 8 * 16);
  return b;
}

bool DenseSrcGradientIsSparse(int n, int out, int64_t nonzeros) {
  return 2 * nonzeros < int64_t{n} * out;
}

bool DenseWeightGradientIsSparse(int n, int out, int64_t nonzeros) {
  return int64_t{n} * out - nonzeros >= int64_t{16} * out;
}

void DenseSrcGradient(int n, int in, int out, const float* d_dst, const float* transposed,
                      float* d_src, const DenseGradientBuffers& buffers) {
  HWY_DYNAMIC_DISPATCH(SrcGradient)(n, in, out, d_dst, transposed, d_src, buffers);
}

void DenseWeightGradient(int n, int in, int out, const float* src, int64_t src_row,
                         const float* d_dst, float* d_weight, const DenseGradientBuffers& buffers) {
  HWY_DYNAMIC_DISPATCH(WeightGradient)(n, in, out, src, src_row, d_dst, d_weight, buffers);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
