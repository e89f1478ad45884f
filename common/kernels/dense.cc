#include "common/kernels/dense.h"

#include "common/kernels/activation.h"
#include "common/kernels/gemm.h"
#include "common/kernels/vector_ops.h"

namespace convoy::kernels {

void DenseForward(int n, int in, int out, const float* src, const float* weight, const float* bias,
                  float* dst) {
  Gemm(Transpose::kNo, Transpose::kNo, n, out, in, src, in, weight, out, 0.0f, dst, out);
  if (bias != nullptr) AddBiasActivation(n, out, bias, Activation::kLinear, dst);
}

void DenseBackward(int n, int in, int out, const float* src, const float* weight,
                   const float* d_dst, float* d_src, float* d_weight, float* d_bias) {
  Gemm(Transpose::kYes, Transpose::kNo, in, out, n, src, in, d_dst, out, 0.0f, d_weight, out);
  if (d_bias != nullptr) ColumnSums(n, out, d_dst, d_bias);
  if (d_src == nullptr) return;
  Gemm(Transpose::kNo, Transpose::kYes, n, in, out, d_dst, out, weight, out, 0.0f, d_src, in);
}

}  // namespace convoy::kernels
