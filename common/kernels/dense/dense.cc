// The three products of a dense layer y = x W: y, dx = dy W^T and dW = x^T dy, each an element of
// the result as one chain of multiply-adds in rising order.
//
// Behind ReLU and dropout most of dy is 0. There the products are sums of rows over lists of what
// is not 0 (compressed sparse rows): dx adds rows of W^T over the outputs of an image's list, the
// transposed dW adds rows of x over the images of an output's list. Lists are made by compressing
// vectors, without a branch an element. Where there are few zeros a list costs more than it saves,
// and the same chains run dense (simd_gemm-inl.h): a product with 0 more or less changes no sum, so
// the choice does not show in the bits.
#include "common/kernels/dense/dense.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/dense/dense.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/simd/compress-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "common/kernels/simd/simd_gemm-inl.h"
#include "common/kernels/simd/transpose-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Sums over lists of rows.
struct RowList {
  int count;
  const int32_t* indices;
  const float* values;
};

// Floats of a row that are summed at once. With as many rows as a layer has outputs or a batch has
// images, such columns of a matrix stay in the first-level cache.
inline constexpr int kRowFloats = std::min(kTransposedRow, 8 * kLanes);
inline constexpr int kRowVecs = kRowFloats / kLanes;
// Lists that are summed at once: their multiply-adds hide each other's latency.
inline constexpr int kMaxRowLists = kRowVecs < 8 ? 2 : 1;

// Vector v of kVecs of a row. With kTail the last has `tail` elements.
template <int kVecs, bool kTail>
HWY_INLINE FloatVec LoadOfRow(const float* row, int v, int tail) {
  if (kTail && v + 1 == kVecs) return LoadFirst(row + v * kLanes, tail);
  return hn::LoadU(FloatTag(), row + v * kLanes);
}

// acc += value * row.
template <int kVecs, bool kTail>
HWY_INLINE void AddRow(const float* row, float value, int tail, FloatVec (&acc)[kVecs]) {
  const FloatVec factor = hn::Set(FloatTag(), value);
#pragma GCC unroll 8
  for (int v = 0; v < kVecs; ++v) {
    acc[v] = hn::MulAdd(factor, LoadOfRow<kVecs, kTail>(row, v, tail), acc[v]);
  }
}

// dst[list, kVecs vectors] = (kAdd ? dst : 0) + the sum over the list's items of value *
// rows[index].
template <int kLists, int kVecs, bool kAdd, bool kTail>
void SumRowVecs(const RowList* lists, const float* rows, int64_t row, int tail, float* dst,
                int64_t dst_row) {
  FloatVec acc[kLists][kVecs];
#pragma GCC unroll 2
  for (int l = 0; l < kLists; ++l) {
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) {
      acc[l][v] = kAdd ? LoadOfRow<kVecs, kTail>(dst + l * dst_row, v, tail) : hn::Zero(FloatTag());
    }
  }
  int all = lists[0].count;
  if constexpr (kLists == 2) all = std::min(all, lists[1].count);
  for (int i = 0; i < all; ++i) {
#pragma GCC unroll 2
    for (int l = 0; l < kLists; ++l) {
      AddRow<kVecs, kTail>(rows + lists[l].indices[i] * row, lists[l].values[i], tail, acc[l]);
    }
  }
#pragma GCC unroll 2
  for (int l = 0; l < kLists; ++l) {
    for (int i = all; i < lists[l].count; ++i) {
      AddRow<kVecs, kTail>(rows + lists[l].indices[i] * row, lists[l].values[i], tail, acc[l]);
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) {
      const int count = kTail && v + 1 == kVecs ? tail : kLanes;
      StoreFirst(acc[l][v], count, dst + l * dst_row + v * kLanes);
    }
  }
}

using SumRowFunction = void (*)(const RowList* lists, const float* rows, int64_t row, int tail,
                                float* dst, int64_t dst_row);

template <int kLists, bool kAdd, bool kTail, int... kVecsMinus1>
SumRowFunction ChooseSumRows(int vecs, std::integer_sequence<int, kVecsMinus1...>) {
  constexpr SumRowFunction kFunctions[] = {&SumRowVecs<kLists, kVecsMinus1 + 1, kAdd, kTail>...};
  return kFunctions[vecs - 1];
}

// As above for any `size` of rows up to kRowFloats.
template <int kLists, bool kAdd>
void SumRows(int size, const RowList* lists, const float* rows, int64_t row, float* dst,
             int64_t dst_row) {
  constexpr auto kSequence = std::make_integer_sequence<int, kRowVecs>();
  const int vecs = (size + kLanes - 1) / kLanes;
  const int tail = size - (vecs - 1) * kLanes;
  const SumRowFunction sum = tail == kLanes ? ChooseSumRows<kLists, kAdd, false>(vecs, kSequence)
                                            : ChooseSumRows<kLists, kAdd, true>(vecs, kSequence);
  sum(lists, rows, row, tail, dst, dst_row);
}

// dst[count, size] = the sums of `count` lists, each over the first `size` floats of rows.
template <class ListOf>
void SumAllRows(int count, const ListOf& list_of, int size, const float* rows, int64_t row,
                float* dst, int64_t dst_row) {
  for (int first = 0; first < size; first += kRowFloats) {
    const int part = std::min(kRowFloats, size - first);
    int l = 0;
    for (; l + kMaxRowLists <= count; l += kMaxRowLists) {
      RowList lists[kMaxRowLists];
      for (int i = 0; i < kMaxRowLists; ++i) lists[i] = list_of(l + i);
      SumRows<kMaxRowLists, false>(part, lists, rows + first, row, dst + l * dst_row + first,
                                   dst_row);
    }
    for (; l < count; ++l) {
      const RowList list = list_of(l);
      SumRows<1, false>(part, &list, rows + first, row, dst + l * dst_row + first, dst_row);
    }
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

// The lists of kLanes columns from d_dst on in kLanes images, of which `rows` x `columns` exist,
// appended to those of the images before.
void ListTile(int first_image, int rows, int columns, const float* d_dst, int out, int64_t list_row,
              int32_t* sizes, int32_t* indices, float* values) {
  const FloatTag d;
  const IntTag di;
  HWY_ALIGN float by_image[kLanes * kLanes] = {};
  HWY_ALIGN float by_output[kLanes * kLanes];
  for (int r = 0; r < rows; ++r) {
    hn::Store(LoadFirst(d_dst + int64_t{r} * out, columns), d, by_image + r * kLanes);
  }
  TransposeMatrix(kLanes, kLanes, by_image, kLanes, by_output, kLanes);
  const auto images = hn::Add(hn::Iota(di, 0), hn::Set(di, first_image));
  for (int o = 0; o < columns; ++o) {
    const FloatVec x = hn::Load(d, by_output + o * kLanes);
    const auto nonzero = hn::Ne(x, hn::Zero(d));
    const int64_t at = o * list_row + sizes[o];
    CompressTo(x, nonzero, values + at);
    CompressTo(images, hn::RebindMask(di, nonzero), indices + at);
    sizes[o] += static_cast<int32_t>(hn::CountTrue(d, nonzero));
  }
}

// The lists of the columns, each in the order of the images: that of an output begins at output *
// DenseListRow(n).
void ListByOutput(int n, int out, const float* d_dst, const DenseGradientBuffers& b) {
  const int64_t list_row = DenseListRow(n);
  std::fill(b.sizes, b.sizes + out, 0);
  for (int o = 0; o < out; o += kLanes) {
    const int64_t list = o * list_row;
    for (int image = 0; image < n; image += kLanes) {
      ListTile(image, std::min(kLanes, n - image), std::min(kLanes, out - o),
               d_dst + int64_t{image} * out + o, out, list_row, b.sizes + o, b.indices + list,
               b.values + list);
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
    const RowList list = {count, indices, values};
    for (int o = 0; o < out; o += kRowFloats) {
      SumRows<1, true>(std::min(kRowFloats, out - o), &list, weight + int64_t{first} * out + o, out,
                       dst + o, out);
    }
  }
}

// Weights that Forward reads at a time, in floats.
constexpr int kForwardBlockFloats = 8 * 1024;

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
    // A block of weights is in the first-level cache for all images.
    const int block = std::max(kForwardBlockFloats / out, 8);
    for (int first = 0; first < in; first += block) {
      const int rows = std::min(block, in - first);
      // Beyond the weights nothing is read: what does not exist is not fetched either.
      const ptrdiff_t ahead = first + 2 * block <= in ? ptrdiff_t{block} * out : 0;
      GemmInCache<true>({src + first, in, 1, weight + int64_t{first} * out, out, dst, out, ahead},
                        n, out, rows);
    }
    return;
  }
  for (int64_t image = 0; image < n; ++image) {
    AddNonzeroInputs(in, out, src + image * in, weight, dst + image * out);
  }
}

void Transposed(int in, int out, const float* weight, float* transposed) {
  for (int first = 0; first < in; first += kTransposedRow, transposed += out * kTransposedRow) {
    const int size = std::min(kTransposedRow, in - first);
    TransposeMatrix(size, out, weight + int64_t{first} * out, out, transposed, kTransposedRow);
  }
}

void SrcGradient(int n, int in, int out, const float* d_dst, const float* transposed, float* d_src,
                 const DenseGradientBuffers& b) {
  const bool sparse = DenseSrcGradientIsSparse(n, out, CountNonzeros(int64_t{n} * out, d_dst));
  if (sparse) ListByImage(n, out, d_dst, b);
  const auto list_of = [&b, out](int image) {
    const int64_t list = int64_t{image} * out;
    return RowList{b.sizes[image], b.indices + list, b.values + list};
  };
  for (int first = 0; first < in; first += kTransposedRow, transposed += out * kTransposedRow) {
    const int size = std::min(kTransposedRow, in - first);
    if (sparse) {
      SumAllRows(n, list_of, size, transposed, kTransposedRow, d_src + first, in);
    } else {
      GemmInCache<false>({d_dst, out, 1, transposed, kTransposedRow, d_src + first, in}, n, size,
                         out);
    }
  }
}

void WeightGradient(const DenseGradientLists& lists, int in, const float* src, int64_t src_row,
                    float* d_weight) {
  const int n = lists.n;
  const int out = lists.out;
  if (!lists.sparse) {
    GemmInCache<false>({src, 1, src_row, lists.d_dst, out, d_weight, out}, in, out, n);
    return;
  }
  const DenseGradientBuffers& b = lists.buffers;
  const auto list_of = [&b, n](int o) {
    const int64_t list = o * DenseListRow(n);
    return RowList{b.sizes[o], b.indices + list, b.values + list};
  };
  for (int first = 0; first < in; first += kRowFloats) {
    const int size = std::min(kRowFloats, in - first);
    SumAllRows(out, list_of, size, src + first, src_row, b.tile, kRowFloats);
    TransposeMatrix(out, size, b.tile, kRowFloats, d_weight + int64_t{first} * out, out);
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
HWY_EXPORT(CountNonzeros);
HWY_EXPORT(ListByOutput);
HWY_EXPORT(WeightGradient);

void DenseForwardInCache(int n, int in, int out, const float* src, const float* weight,
                         const float* bias, float* dst) {
  HWY_DYNAMIC_DISPATCH(Forward)(n, in, out, src, weight, bias, dst);
}

int64_t DenseTransposedFloats(int in, int out) {
  return int64_t{(in + kTransposedRow - 1) / kTransposedRow} * kTransposedRow * out;
}

void DenseTransposed(int in, int out, const float* weight, float* transposed) {
  HWY_DYNAMIC_DISPATCH(Transposed)(in, out, weight, transposed);
}

DenseGradientBuffers CarveDenseGradients(int max_images, int out, WorkspaceCarver& carver) {
  DenseGradientBuffers b;
  const int64_t size = out * DenseListRow(max_images) + kChannelPadding;
  b.sizes = carver.Take<int32_t>(std::max(max_images, out));
  b.indices = carver.Take<int32_t>(size);
  b.values = carver.Take<float>(size);
  b.tile = carver.Take<float>(int64_t{out} * kTransposedRow);
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

DenseGradientLists ListDenseGradients(int n, int out, const float* d_dst,
                                      const DenseGradientBuffers& buffers) {
  const int64_t nonzeros = HWY_DYNAMIC_DISPATCH(CountNonzeros)(int64_t{n} * out, d_dst);
  const DenseGradientLists lists = {n, out, d_dst, DenseWeightGradientIsSparse(n, out, nonzeros),
                                    buffers};
  if (lists.sparse) HWY_DYNAMIC_DISPATCH(ListByOutput)(n, out, d_dst, buffers);
  return lists;
}

void DenseWeightGradient(const DenseGradientLists& lists, int in, const float* src, int64_t src_row,
                         float* d_weight) {
  HWY_DYNAMIC_DISPATCH(WeightGradient)(lists, in, src, src_row, d_weight);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
