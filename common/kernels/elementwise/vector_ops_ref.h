// The plain operations on arrays, for tests.
#pragma once

#include <cmath>
#include <cstdint>

#include "common/kernels/elementwise/vector_ops.h"

namespace convoy::kernels {

// As AddTo, naively, in T.
template <typename T>
void AddToRef(const T* a, const T* b, T* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = a[i] + b[i];
}

// As AllFinite, naively, in T.
template <typename T>
bool AllFiniteRef(const T* values, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(values[i])) return false;
  }
  return true;
}

// As Uint8ToUnitFloat, naively, in T.
template <typename T>
void Uint8ToUnitFloatRef(const uint8_t* src, T* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<T>(src[i]) / T{255};
}

// As ColumnSums, naively, in T.
template <typename T>
void ColumnSumsRef(int64_t rows, int64_t cols, const T* src, T* sums) {
  for (int64_t col = 0; col < cols; ++col) {
    sums[col] = 0;
    for (int64_t row = 0; row < rows; ++row) sums[col] += src[row * cols + col];
  }
}

}  // namespace convoy::kernels
