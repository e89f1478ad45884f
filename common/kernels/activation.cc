#include "common/kernels/activation.h"

#include "common/kernels/scalar_math.h"

namespace convoy::kernels {
namespace {

template <typename F>
void ForEach(const float* src, float* dst, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) dst[i] = f(src[i]);
}

template <typename F>
void ForEachPair(const float* dst, const float* d_dst, float* d_src, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) d_src[i] = f(dst[i], d_dst[i]);
}

}  // namespace

void ActivationForward(Activation activation, const float* src, float* dst, int64_t n) {
  switch (activation) {
    case Activation::kLinear:
      return ForEach(src, dst, n, [](float x) { return x; });
    case Activation::kRelu:
      return ForEach(src, dst, n, [](float x) { return x <= 0.0f ? 0.0f : x; });
    case Activation::kSigmoid:
      return ForEach(src, dst, n, SigmoidScalar);
    case Activation::kTanh:
      return ForEach(src, dst, n, TanhScalar);
  }
}

void ActivationBackward(Activation activation, const float* dst, const float* d_dst, float* d_src,
                        int64_t n) {
  switch (activation) {
    case Activation::kLinear:
      return ForEach(d_dst, d_src, n, [](float d) { return d; });
    case Activation::kRelu:
      return ForEachPair(dst, d_dst, d_src, n,
                         [](float y, float d) { return y <= 0.0f ? 0.0f : d; });
    case Activation::kSigmoid:
      return ForEachPair(dst, d_dst, d_src, n,
                         [](float y, float d) { return d * (y * (1.0f - y)); });
    case Activation::kTanh:
      return ForEachPair(dst, d_dst, d_src, n, [](float y, float d) { return d * (1.0f - y * y); });
  }
}

void AddBiasActivation(int64_t rows, int64_t cols, const float* bias, Activation activation,
                       float* inout) {
  for (int64_t row = 0; row < rows; ++row) {
    float* line = inout + row * cols;
    for (int64_t col = 0; col < cols; ++col) line[col] += bias[col];
    ActivationForward(activation, line, line, cols);
  }
}

}  // namespace convoy::kernels
