// Matrix products by OpenBLAS; gemm.cc is the only file that sees cblas.h.
//
// OpenBLAS rounds differently for another number of rows, another number of its own threads and
// another core type. So it always runs on one thread here, with the core type that belongs to the
// instruction set of our own kernels, whatever it would have chosen for this processor; and whoever
// needs the same bits must make the same calls: the same M, N, K, transposes and leading dimensions
// (docs/exact_reduction.md).
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/kernels/simd/isa.h"

namespace convoy::kernels {

enum class Transpose { kNo, kYes };

// c[M, N] = a[M, K] b[K, N] + beta * c, all row-major, single precision. With kYes the operand is
// stored transposed: a as [K, M], b as [N, K]. lda, ldb and ldc are the distances in elements
// between the stored rows. With beta 0 what c held does not matter, NaN included. Thread-safe. M, N
// or K of 0 is allowed: K = 0 leaves beta * c.
void Gemm(Transpose transpose_a, Transpose transpose_b, int m, int n, int k, const float* a,
          int lda, const float* b, int ldb, float beta, float* c, int ldc);

// Makes this process compute with `isa`, or with the best instruction set that the CPU has, in our
// kernels and in OpenBLAS alike, which is loaded now. Call it in main, once, before any other
// thread starts: it writes environment variables. Without it the first product loads OpenBLAS for
// the best. Returns FAILED_PRECONDITION if the CPU lacks the instruction set or the least that our
// kernels need, or OpenBLAS is not there.
absl::Status UseKernels(std::optional<Isa> isa);

// Returns the core type that OpenBLAS computes with, such as "SkylakeX" or "Haswell". Thread-safe.
std::string BlasCore();

// Returns OpenBLAS's version and build options: ranks compare it. Thread-safe.
std::string BlasConfig();

}  // namespace convoy::kernels
