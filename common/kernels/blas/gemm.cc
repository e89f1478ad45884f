// OpenBLAS chooses its core type once, when it is loaded, by the processor that it finds: another
// one on a processor of the next year, and with it other bits. OPENBLAS_CORETYPE decides instead,
// if it is set before. So the library is not linked but loaded on first use, when the instruction
// set is known.
#include "common/kernels/blas/gemm.h"

#include <cblas.h>
#include <dlfcn.h>

#include <cstdlib>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace convoy::kernels {
namespace {

constexpr char kLibrary[] = "libopenblas.so.0";

struct Blas {
  decltype(&cblas_sgemm) sgemm;
  std::string core;
  std::string config;
};

template <typename Function>
absl::Status Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(::dlsym(library, name));
  if (*function != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(kLibrary, ": has no ", name, ", so it is not OpenBLAS's; install libopenblas0"));
}

absl::StatusOr<Blas> Load() {
  ::setenv("OPENBLAS_CORETYPE", std::string(BlasCoreFor(CurrentIsa())).c_str(), /*overwrite=*/1);
  ::setenv("OPENBLAS_NUM_THREADS", "1", /*overwrite=*/1);  // also keeps it from starting others
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot load OpenBLAS (", ::dlerror(), "); install libopenblas0"));
  }
  Blas blas;
  decltype(&openblas_get_corename) corename = nullptr;
  decltype(&openblas_get_config) config = nullptr;
  CONVOY_RETURN_IF_ERROR(Find(library, "cblas_sgemm", &blas.sgemm));
  CONVOY_RETURN_IF_ERROR(Find(library, "openblas_get_corename", &corename));
  CONVOY_RETURN_IF_ERROR(Find(library, "openblas_get_config", &config));
  blas.core = corename();
  blas.config = config();
  return blas;
}

// It stays loaded as long as the process.
const absl::StatusOr<Blas>& LoadOnce() {
  static const auto* const blas = new absl::StatusOr<Blas>(Load());
  return *blas;
}

const Blas& Loaded() {
  const absl::StatusOr<Blas>& blas = LoadOnce();
  CONVOY_CHECK(blas.ok());
  return *blas;
}

CBLAS_TRANSPOSE ToCblas(Transpose transpose) {
  return transpose == Transpose::kYes ? CblasTrans : CblasNoTrans;
}

}  // namespace

absl::Status UseKernels(std::optional<Isa> isa) {
  CONVOY_RETURN_IF_ERROR(CheckCpu());
  CONVOY_RETURN_IF_ERROR(SelectIsa(isa.value_or(CurrentIsa())));
  return LoadOnce().status();
}

void Gemm(Transpose transpose_a, Transpose transpose_b, int m, int n, int k, const float* a,
          int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  if (m == 0 || n == 0) return;
  Loaded().sgemm(CblasRowMajor, ToCblas(transpose_a), ToCblas(transpose_b), m, n, k, 1.0f, a, lda,
                 b, ldb, beta, c, ldc);
}

std::string BlasCore() { return Loaded().core; }

std::string BlasConfig() { return Loaded().config; }

}  // namespace convoy::kernels
