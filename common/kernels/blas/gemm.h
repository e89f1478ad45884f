// Matrix products by OpenBLAS; gemm.cc is the only file that sees cblas.h.
//
// OpenBLAS rounds differently for another number of rows, another number of its own threads and
// another core type. So it always runs on one thread here, and whoever needs the same bits must
// make the same calls: the same M, N, K, transposes and leading dimensions
// (docs/exact_reduction.md).
#pragma once

#include <string>

namespace convoy::kernels {

enum class Transpose { kNo, kYes };

// c[M, N] = a[M, K] b[K, N] + beta * c, all row-major, single precision. With kYes the operand is
// stored transposed: a as [K, M], b as [N, K]. lda, ldb and ldc are the distances in elements
// between the stored rows. With beta 0 what c held does not matter, NaN included. Thread-safe. M, N
// or K of 0 is allowed: K = 0 leaves beta * c.
void Gemm(Transpose transpose_a, Transpose transpose_b, int m, int n, int k, const float* a,
          int lda, const float* b, int ldb, float beta, float* c, int ldc);

// Returns the core type that OpenBLAS chose when it was loaded, such as "SkylakeX" or "Haswell".
std::string BlasCore();

// Returns OpenBLAS's version and build options: ranks compare it.
std::string BlasConfig();

// Makes OpenBLAS run on one thread. Call it in main before any other thread starts; Gemm does so
// too on its first call.
void UseOneBlasThread();

}  // namespace convoy::kernels
