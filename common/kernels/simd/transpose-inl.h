// Transposes a matrix of floats, as a Highway "-inl.h".
#if defined(CONVOY_KERNELS_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_TRANSPOSE_INL_H_
#undef CONVOY_KERNELS_TRANSPOSE_INL_H_
#else
#define CONVOY_KERNELS_TRANSPOSE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The four floats at `src` and at every `row` floats behind, a block of a vector each.
HWY_INLINE FloatVec LoadBlocks(const float* src, int64_t row) {
  const hn::FixedTag<float, 4> d4;
#if HWY_TARGET == HWY_AVX3
  const hn::FixedTag<float, 8> d8;
  const auto low = hn::Combine(d8, hn::LoadU(d4, src + row), hn::LoadU(d4, src));
  const auto high = hn::Combine(d8, hn::LoadU(d4, src + 3 * row), hn::LoadU(d4, src + 2 * row));
  return hn::Combine(FloatTag(), high, low);
#elif HWY_TARGET == HWY_AVX2
  return hn::Combine(FloatTag(), hn::LoadU(d4, src + row), hn::LoadU(d4, src));
#else
  return hn::LoadU(d4, src);
#endif
}

// dst[column, row] = src[row, column] for kLanes rows of 4 columns.
HWY_INLINE void TransposeRows(const float* src, int64_t src_row, float* dst, int64_t dst_row) {
  const FloatTag d;
  const FloatVec r0 = LoadBlocks(src, 4 * src_row);
  const FloatVec r1 = LoadBlocks(src + src_row, 4 * src_row);
  const FloatVec r2 = LoadBlocks(src + 2 * src_row, 4 * src_row);
  const FloatVec r3 = LoadBlocks(src + 3 * src_row, 4 * src_row);
  const FloatVec low02 = hn::InterleaveLower(d, r0, r2);
  const FloatVec high02 = hn::InterleaveUpper(d, r0, r2);
  const FloatVec low13 = hn::InterleaveLower(d, r1, r3);
  const FloatVec high13 = hn::InterleaveUpper(d, r1, r3);
  hn::StoreU(hn::InterleaveLower(d, low02, low13), d, dst);
  hn::StoreU(hn::InterleaveUpper(d, low02, low13), d, dst + dst_row);
  hn::StoreU(hn::InterleaveLower(d, high02, high13), d, dst + 2 * dst_row);
  hn::StoreU(hn::InterleaveUpper(d, high02, high13), d, dst + 3 * dst_row);
}

// dst[columns, rows] = transpose of src[rows, columns]; rows of src and dst are `src_row` and
// `dst_row` floats apart. Bands of 16 rows fill whole cache lines of dst.
inline void TransposeMatrix(int rows, int columns, const float* src, int64_t src_row, float* dst,
                            int64_t dst_row) {
  constexpr int kBand = 16;
  const int whole_columns = columns / 4 * 4;
  for (int band = 0; band < rows; band += kBand) {
    const int band_end = std::min(band + kBand, rows);
    const int whole_end = band + (band_end - band) / kLanes * kLanes;
    for (int c = 0; c < whole_columns; c += 4) {
      for (int r = band; r < whole_end; r += kLanes) {
        TransposeRows(src + r * src_row + c, src_row, dst + c * dst_row + r, dst_row);
      }
    }
    for (int r = band; r < band_end; ++r) {
      for (int c = r < whole_end ? whole_columns : 0; c < columns; ++c) {
        dst[c * dst_row + r] = src[r * src_row + c];
      }
    }
  }
}

inline void TransposeMatrix(int rows, int columns, const int32_t* src, int64_t src_row,
                            int32_t* dst, int64_t dst_row) {
  TransposeMatrix(rows, columns, reinterpret_cast<const float*>(src), src_row,
                  reinterpret_cast<float*>(dst), dst_row);
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
