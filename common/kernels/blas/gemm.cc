#include "common/kernels/blas/gemm.h"

#include <cblas.h>

namespace convoy::kernels {
namespace {

CBLAS_TRANSPOSE ToCblas(Transpose transpose) {
  return transpose == Transpose::kYes ? CblasTrans : CblasNoTrans;
}

}  // namespace

void UseOneBlasThread() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  (void)done;
}

void Gemm(Transpose transpose_a, Transpose transpose_b, int m, int n, int k, const float* a,
          int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  if (m == 0 || n == 0) return;
  UseOneBlasThread();
  cblas_sgemm(CblasRowMajor, ToCblas(transpose_a), ToCblas(transpose_b), m, n, k, 1.0f, a, lda, b,
              ldb, beta, c, ldc);
}

std::string BlasCore() { return openblas_get_corename(); }

std::string BlasConfig() {
  // OpenBLAS puts the text together in one buffer for all threads: ask it once.
  static const std::string config = openblas_get_config();
  return config;
}

}  // namespace convoy::kernels
