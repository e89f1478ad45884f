// The naive reference of batch normalization and its gradient, for tests.
#pragma once

#include <cmath>
#include <cstdint>

namespace convoy::kernels {

// As BatchNormForward, in T; mean, variance [channels] are written.
template <typename T>
void BatchNormForwardRef(int64_t rows, int64_t channels, T epsilon, const T* src, const T* gamma,
                         const T* beta, T* mean, T* variance, T* dst) {
  for (int64_t c = 0; c < channels; ++c) {
    mean[c] = variance[c] = 0;
    if (rows == 0) continue;
    for (int64_t r = 0; r < rows; ++r) mean[c] += src[r * channels + c];
    mean[c] /= static_cast<T>(rows);
    for (int64_t r = 0; r < rows; ++r) {
      const T difference = src[r * channels + c] - mean[c];
      variance[c] += difference * difference;
    }
    variance[c] /= static_cast<T>(rows);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t i = r * channels + c;
      dst[i] = (src[i] - mean[c]) / std::sqrt(variance[c] + epsilon) * gamma[c] + beta[c];
    }
  }
}

// As BatchNormBackward, in T, by the chain rule over mean and variance.
template <typename T>
void BatchNormBackwardRef(int64_t rows, int64_t channels, T epsilon, const T* src, const T* gamma,
                          const T* mean, const T* variance, const T* d_dst, T* d_src, T* d_gamma,
                          T* d_beta) {
  const T n = static_cast<T>(rows);
  for (int64_t c = 0; c < channels; ++c) {
    const T inverse = T{1} / std::sqrt(variance[c] + epsilon);
    d_gamma[c] = d_beta[c] = 0;
    T d_variance = 0;
    T d_mean = 0;
    for (int64_t i = c; i < rows * channels; i += channels) {
      d_beta[c] += d_dst[i];
      d_gamma[c] += d_dst[i] * (src[i] - mean[c]) * inverse;
      d_variance -= d_dst[i] * gamma[c] * (src[i] - mean[c]) * inverse * inverse * inverse / 2;
      d_mean -= d_dst[i] * gamma[c] * inverse;
    }
    for (int64_t i = c; i < rows * channels; i += channels) {
      d_src[i] =
          d_dst[i] * gamma[c] * inverse + d_variance * 2 * (src[i] - mean[c]) / n + d_mean / n;
    }
  }
}

}  // namespace convoy::kernels
