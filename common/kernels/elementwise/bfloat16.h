// bfloat16: the upper half of a float, so its range with 8 bits of precision instead of 24. Arrays
// stay arrays of floats, rounded to values that have a bfloat16; two bytes each are for sending.
//
// Rounding is to the nearest, ties to even, as IEEE 754 rounds: subnormal numbers are kept, what is
// too large becomes an infinity, an infinity and a NaN stay one. The same input gives the same bits
// whatever the length, the alignment and the position in the array, and on every instruction set.
// All functions are thread-safe.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// Rounds inout[i] for i < n.
void RoundToBfloat16(float* inout, int64_t n);

// dst[i] = a[i] + b[i], rounded to float and then to bfloat16, for i < n. dst may be a or b.
void AddToBfloat16(const float* a, const float* b, float* dst, int64_t n);

// dst[i] = the bfloat16 that src[i] is, for i < n. REQUIRES: src is rounded; else it is cut off.
void PackBfloat16(const float* src, uint16_t* dst, int64_t n);

// dst[i] = the float that src[i] is, for i < n.
void UnpackBfloat16(const uint16_t* src, float* dst, int64_t n);

}  // namespace convoy::kernels
