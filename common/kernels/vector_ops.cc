#include "common/kernels/vector_ops.h"

#include <bit>

namespace convoy::kernels {

void Add(const float* src, float* inout, int64_t n) { AddTo(inout, src, inout, n); }

void AddTo(const float* a, const float* b, float* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = a[i] + b[i];
}

bool AllFinite(const float* values, int64_t n) {
  constexpr uint32_t kExponent = 0x7f800000;
  for (int64_t i = 0; i < n; ++i) {
    if ((std::bit_cast<uint32_t>(values[i]) & kExponent) == kExponent) return false;
  }
  return true;
}

void Uint8ToUnitFloat(const uint8_t* src, float* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<float>(src[i]) / 255.0f;
}

void ColumnSums(int64_t rows, int64_t cols, const float* src, float* sums) {
  for (int64_t col = 0; col < cols; ++col) sums[col] = 0.0f;
  for (int64_t row = 0; row < rows; ++row) Add(src + row * cols, sums, cols);
}

}  // namespace convoy::kernels
