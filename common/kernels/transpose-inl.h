// Transposes a matrix of floats, as a Highway "-inl.h".
#if defined(CONVOY_KERNELS_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_TRANSPOSE_INL_H_
#undef CONVOY_KERNELS_TRANSPOSE_INL_H_
#else
#define CONVOY_KERNELS_TRANSPOSE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// dst[column, row] = src[row, column] for 4 x 4 elements.
HWY_INLINE void Transpose4x4(const float* src, int64_t src_row, float* dst, int64_t dst_row) {
  const hn::CappedTag<float, 4> d;
  const auto r0 = hn::LoadU(d, src);
  const auto r1 = hn::LoadU(d, src + src_row);
  const auto r2 = hn::LoadU(d, src + 2 * src_row);
  const auto r3 = hn::LoadU(d, src + 3 * src_row);
  const auto low02 = hn::InterleaveLower(d, r0, r2);
  const auto high02 = hn::InterleaveUpper(d, r0, r2);
  const auto low13 = hn::InterleaveLower(d, r1, r3);
  const auto high13 = hn::InterleaveUpper(d, r1, r3);
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
    const int whole_end = band + (band_end - band) / 4 * 4;
    for (int c = 0; c < whole_columns; c += 4) {
      for (int r = band; r < whole_end; r += 4) {
        Transpose4x4(src + r * src_row + c, src_row, dst + c * dst_row + r, dst_row);
      }
    }
    for (int r = band; r < band_end; ++r) {
      for (int c = r < whole_end ? whole_columns : 0; c < columns; ++c) {
        dst[c * dst_row + r] = src[r * src_row + c];
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
