// The plain matrix product, for tests.
#pragma once

#include "common/kernels/blas/gemm.h"

namespace convoy::kernels {

// As Gemm, naively, in T.
template <typename T>
void GemmRef(Transpose transpose_a, Transpose transpose_b, int m, int n, int k, const T* a, int lda,
             const T* b, int ldb, T beta, T* c, int ldc) {
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      T sum = 0;
      for (int p = 0; p < k; ++p) {
        const T a_ip = transpose_a == Transpose::kYes ? a[p * lda + i] : a[i * lda + p];
        const T b_pj = transpose_b == Transpose::kYes ? b[j * ldb + p] : b[p * ldb + j];
        sum += a_ip * b_pj;
      }
      c[i * ldc + j] = sum + (beta == 0 ? T{0} : beta * c[i * ldc + j]);
    }
  }
}

}  // namespace convoy::kernels
