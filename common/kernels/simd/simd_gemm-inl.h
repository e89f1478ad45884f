// A matrix product for operands that are already in cache, as a Highway "-inl.h": included once for
// each instruction set. Against OpenBLAS it packs nothing, takes any strides, and each element of
// the result is one chain of multiply-adds over k in rising order, whatever the number of rows: so
// its bits depend on nothing but its row and column.
#if defined(CONVOY_KERNELS_SIMD_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_SIMD_GEMM_INL_H_
#undef CONVOY_KERNELS_SIMD_GEMM_INL_H_
#else
#define CONVOY_KERNELS_SIMD_GEMM_INL_H_
#endif

#include <cstddef>
#include <utility>

#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr int kMaxGemmVecs = HWY_TARGET == HWY_AVX3 ? 4 : 3;

// Where the operands of a product lie: element (row, k) of A at a[row * a_row + k * a_k], row k of
// B at b + k * b_row, row r of C at c + r * c_row.
struct GemmOperands {
  const float* a;
  ptrdiff_t a_row;
  ptrdiff_t a_k;
  const float* b;
  ptrdiff_t b_row;
  float* c;
  ptrdiff_t c_row;
  // Elements from what a tile reads of B to what is fetched into the second-level cache meanwhile;
  // 0: nothing.
  ptrdiff_t b_ahead = 0;
};

// C[kRows, kVecs * kLanes] = (kAdd ? C : 0) + A[kRows, K] B[K, kVecs * kLanes]. With kTail the only
// vector has `tail` columns.
template <int kRows, int kVecs, bool kAdd, bool kTail, bool kPrefetch = false>
void GemmTile(const GemmOperands& o, int k, int tail) {
  static_assert(!kTail || kVecs == 1);
  const FloatTag d;
  const int count = kTail ? tail : kLanes;
  FloatVec acc[kRows][kVecs];
#pragma GCC unroll 24
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) {
      acc[r][v] = kAdd ? LoadFirst(o.c + r * o.c_row + v * kLanes, count) : hn::Zero(d);
    }
  }
  const float* a = o.a;
  const float* b = o.b;
  for (int p = 0; p < k; ++p, a += o.a_k, b += o.b_row) {
    FloatVec b_row[kVecs];
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) b_row[v] = LoadFirst(b + v * kLanes, count);
    if constexpr (kPrefetch) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) __builtin_prefetch(b + o.b_ahead + v * kLanes, 0, 2);
    }
#pragma GCC unroll 24
    for (int r = 0; r < kRows; ++r) {
      const FloatVec a_rp = hn::Set(d, a[r * o.a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) acc[r][v] = hn::MulAdd(a_rp, b_row[v], acc[r][v]);
    }
  }
#pragma GCC unroll 24
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) {
      StoreFirst(acc[r][v], count, o.c + r * o.c_row + v * kLanes);
    }
  }
}

using GemmTileFunction = void (*)(const GemmOperands&, int k, int tail);

template <int kVecs, bool kAdd, bool kTail, bool kPrefetch, int... kRowsMinus1>
constexpr GemmTileFunction ChooseGemmTile(int rows, std::integer_sequence<int, kRowsMinus1...>) {
  constexpr GemmTileFunction kTiles[] = {
      &GemmTile<kRowsMinus1 + 1, kVecs, kAdd, kTail, kPrefetch>...};
  return kTiles[rows - 1];
}

// A strip of kVecs vectors of C, in blocks of nearly equal numbers of rows.
template <int kVecs, bool kAdd, bool kTail = false>
void GemmStrip(GemmOperands o, int m, int k, int tail = 0) {
  constexpr int kMaxRows = kMaxAccumulators / kVecs > 12 ? 12 : kMaxAccumulators / kVecs;
  const int blocks = (m + kMaxRows - 1) / kMaxRows;
  for (int block = 0; block < blocks; ++block) {
    const int rows = m / blocks + (block < m % blocks ? 1 : 0);
    constexpr auto kSequence = std::make_integer_sequence<int, kMaxRows>();
    if (block == 0 && o.b_ahead != 0) {
      ChooseGemmTile<kVecs, kAdd, kTail, true>(rows, kSequence)(o, k, tail);
    } else {
      ChooseGemmTile<kVecs, kAdd, kTail, false>(rows, kSequence)(o, k, tail);
    }
    o.a += rows * o.a_row;
    o.c += rows * o.c_row;
  }
}

// C[M, N] = (kAdd ? C : 0) + A[M, K] B[K, N].
template <bool kAdd>
void GemmInCache(GemmOperands o, int m, int n, int k) {
  int vecs = n / kLanes;
  while (vecs > 0) {
    // Strips of nearly equal width: 5 vectors are 3 + 2, not 4 + 1.
    const int strips = (vecs + kMaxGemmVecs - 1) / kMaxGemmVecs;
    const int width = (vecs + strips - 1) / strips;
    switch (width) {
      case 1:
        GemmStrip<1, kAdd>(o, m, k);
        break;
      case 2:
        GemmStrip<2, kAdd>(o, m, k);
        break;
      case 3:
        GemmStrip<3, kAdd>(o, m, k);
        break;
      default:
        GemmStrip<kMaxGemmVecs, kAdd>(o, m, k);
        break;
    }
    o.b += width * kLanes;
    o.c += width * kLanes;
    vecs -= width;
  }
  if (n % kLanes > 0) GemmStrip<1, kAdd, true>(o, m, k, n % kLanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
