// Transposes a matrix of floats, as a Highway "-inl.h".
#if defined(CONVOY_KERNELS_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_TRANSPOSE_INL_H_
#undef CONVOY_KERNELS_TRANSPOSE_INL_H_
#else
#define CONVOY_KERNELS_TRANSPOSE_INL_H_
#endif

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
// `dst_row` floats apart.
inline void TransposeMatrix(int rows, int columns, const float* src, int64_t src_row, float* dst,
                            int64_t dst_row) {
  int r = 0;
  for (; r + 4 <= rows; r += 4) {
    int c = 0;
    for (; c + 4 <= columns; c += 4) {
      Transpose4x4(src + r * src_row + c, src_row, dst + c * dst_row + r, dst_row);
    }
    for (; c < columns; ++c) {
      for (int i = r; i < r + 4; ++i) dst[c * dst_row + i] = src[i * src_row + c];
    }
  }
  for (; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) dst[c * dst_row + r] = src[r * src_row + c];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
