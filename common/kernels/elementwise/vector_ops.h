// Small operations on whole arrays.
//
// The same input gives the same bits whatever the length, the alignment and the position in the
// array, and on every instruction set. All functions are thread-safe.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// inout[i] += src[i] for i < n.
void Add(const float* src, float* inout, int64_t n);

// dst[i] = a[i] + b[i] for i < n. dst may be a or b.
void AddTo(const float* a, const float* b, float* dst, int64_t n);

// Returns whether no element is an infinity or NaN.
bool AllFinite(const float* values, int64_t n);

// dst[i] = float(src[i]) / 255.0f, correctly rounded, for i < n.
void Uint8ToUnitFloat(const uint8_t* src, float* dst, int64_t n);

// sums[cols] = the sum of the rows of src [rows, cols], added in the order of the rows, starting at
// 0. The gradient of a bias.
void ColumnSums(int64_t rows, int64_t cols, const float* src, float* sums);

}  // namespace convoy::kernels
