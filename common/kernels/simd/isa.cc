#include "common/kernels/simd/isa.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/strings/str_join.h"
#include "common/base/check.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "hwy/highway.h"

namespace convoy::kernels {
namespace {

struct IsaTraits {
  Isa isa;
  std::string_view name;
  std::string_view blas_core;
  int64_t target;  // Highway's bit for it
};

// Best first.
constexpr std::array<IsaTraits, 3> kIsas = {{{Isa::kAvx512, "avx512", "SkylakeX", HWY_AVX3},
                                             {Isa::kAvx2, "avx2", "Haswell", HWY_AVX2},
                                             {Isa::kBaseline, "baseline", "Nehalem", HWY_SSE4}}};

const IsaTraits& TraitsOf(Isa isa) {
  for (const IsaTraits& traits : kIsas) {
    if (traits.isa == isa) return traits;
  }
  CONVOY_CHECK(false);
  return kIsas[0];
}

std::vector<std::string> Names(const std::vector<Isa>& isas) {
  std::vector<std::string> names;
  for (Isa isa : isas) names.emplace_back(IsaName(isa));
  return names;
}

// What the CPU can run. Asked once: each time, Highway also goes back to the best for its kernels.
int64_t CpuTargets() {
  static const int64_t targets = hwy::SupportedTargets();
  return targets;
}

std::atomic<std::optional<Isa>> g_selected;  // by SelectIsa

}  // namespace

std::string_view IsaName(Isa isa) { return TraitsOf(isa).name; }

absl::StatusOr<Isa> ParseIsa(std::string_view name) {
  std::vector<std::string> known;
  for (const IsaTraits& traits : kIsas) {
    if (traits.name == name) return traits.isa;
    known.emplace_back(traits.name);
  }
  const std::string near = NearestName(name, known);
  const std::string all = absl::StrJoin(known, ", ");
  return near.empty() ? InvalidArgumentTextError("unknown instruction set '$0': use one of $1",
                                                 std::string(name), all)
                      : InvalidArgumentTextError(
                            "unknown instruction set '$0': use one of $1; did you mean '$2'?",
                            std::string(name), all, near);
}

absl::Status CheckCpu() {
#if defined(__x86_64__)
  // Highway takes its baseline for given and would not notice.
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("aes") ||
      !__builtin_cpu_supports("pclmul")) {
    return absl::FailedPreconditionError(
        "this CPU lacks SSE4.2, AES or PCLMULQDQ, which Convoy needs; any x86-64 CPU since about "
        "2011 has them (in a virtual machine, pass the host's CPU through)");
  }
#endif
  return absl::OkStatus();
}

std::vector<Isa> SupportedIsas() {
  std::vector<Isa> isas;
  for (const IsaTraits& traits : kIsas) {
    if ((CpuTargets() & traits.target) != 0) isas.push_back(traits.isa);
  }
  return isas;
}

absl::Status SelectIsa(Isa isa) {
  const IsaTraits& traits = TraitsOf(isa);
  if ((CpuTargets() & traits.target) == 0) {
    return absl::FailedPreconditionError("this CPU lacks the instruction set '" +
                                         std::string(traits.name) + "'; it can run " +
                                         absl::StrJoin(Names(SupportedIsas()), ", "));
  }
  hwy::GetChosenTarget().Update(traits.target);  // what HWY_DYNAMIC_DISPATCH goes by
  g_selected = isa;
  return absl::OkStatus();
}

Isa CurrentIsa() {
  const std::optional<Isa> selected = g_selected;
  return selected ? *selected : SupportedIsas().front();
}

std::string_view BlasCoreFor(Isa isa) { return TraitsOf(isa).blas_core; }

}  // namespace convoy::kernels
