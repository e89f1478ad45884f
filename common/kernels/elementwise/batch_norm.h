// Batch normalization over the last axis: each of `channels` columns of an array [rows, channels]
// is brought to mean 0 and variance 1, scaled and shifted. For images, rows = images * height *
// width. Source: Ioffe, Szegedy, "Batch normalization: accelerating deep network training by
// reducing internal covariate shift", ICML 2015.
//
// The same input gives the same bits on every instruction set: sums run over 64 rows in single
// precision, then over these in double, in order. All functions are thread-safe; nothing is
// allocated.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// How the columns of one call are normalized, [channels] each.
struct BatchNormColumns {
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float* mean = nullptr;
  float* variance = nullptr;
  float* inverse = nullptr;  // 1 / sqrt(variance + epsilon)
};

// Computes mean, variance (the mean of the squared differences) and inverse of each column of src
// [rows, channels], then dst = (src - mean) * (inverse * gamma) + beta. Without rows mean and
// variance are 0. `sums` is room for 2 * channels doubles.
void BatchNormForward(int64_t rows, int64_t channels, float epsilon, const float* src,
                      const BatchNormColumns& columns, float* dst, double* sums);

// With BatchNormForward's columns and x = (src - mean) * inverse:
//   d_beta = sum of d_dst;  d_gamma = sum of d_dst * x
//   d_src = inverse * gamma * (d_dst - d_beta / rows - x * d_gamma / rows)
// d_src may be null; it may be d_dst.
void BatchNormBackward(int64_t rows, int64_t channels, const float* src,
                       const BatchNormColumns& columns, const float* d_dst, float* d_src,
                       float* d_gamma, float* d_beta, double* sums);

// dst[r, c] = src[r, c] * scale[c] + shift[c], without FMA; the same bits for any number of rows.
void ScaleAndShift(int64_t rows, int64_t channels, const float* src, const float* scale,
                   const float* shift, float* dst);

}  // namespace convoy::kernels
