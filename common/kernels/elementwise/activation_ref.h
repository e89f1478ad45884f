// The plain activation functions, for tests.
#pragma once

#include <cmath>
#include <cstdint>

#include "common/kernels/elementwise/activation.h"

namespace convoy::kernels {

// As ActivationForward, naively, in T.
template <typename T>
void ActivationForwardRef(Activation activation, const T* src, T* dst, int64_t n, T alpha = 0) {
  for (int64_t i = 0; i < n; ++i) {
    const T x = src[i];
    switch (activation) {
      case Activation::kLinear:
        dst[i] = x;
        break;
      case Activation::kRelu:
        dst[i] = x <= T{0} ? T{0} : x;
        break;
      case Activation::kSigmoid:
        dst[i] = T{1} / (T{1} + std::exp(-x));
        break;
      case Activation::kTanh:
        dst[i] = std::tanh(x);
        break;
      case Activation::kLeakyRelu:
        dst[i] = x > T{0} ? x : x * alpha;
        break;
      case Activation::kElu:
        dst[i] = x > T{0} ? x : alpha * (std::exp(x) - T{1});
        break;
    }
  }
}

// As ActivationBackward, naively, in T.
template <typename T>
void ActivationBackwardRef(Activation activation, const T* dst, const T* d_dst, T* d_src, int64_t n,
                           T alpha = 0) {
  for (int64_t i = 0; i < n; ++i) {
    const T y = dst[i];
    switch (activation) {
      case Activation::kLinear:
        d_src[i] = d_dst[i];
        break;
      case Activation::kRelu:
        d_src[i] = y <= T{0} ? T{0} : d_dst[i];
        break;
      case Activation::kSigmoid:
        d_src[i] = d_dst[i] * (y * (T{1} - y));
        break;
      case Activation::kTanh:
        d_src[i] = d_dst[i] * (T{1} - y * y);
        break;
      case Activation::kLeakyRelu:
        d_src[i] = y > T{0} ? d_dst[i] : d_dst[i] * alpha;
        break;
      case Activation::kElu:
        d_src[i] = y > T{0} ? d_dst[i] : d_dst[i] * (y + alpha);
        break;
    }
  }
}

}  // namespace convoy::kernels
