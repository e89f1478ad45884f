// Which vector instructions the kernels use. Kernels are compiled once for each instruction set by
// Highway and pick theirs at run time; `--isa` forces one. Results differ in their last bits
// between instruction sets, never between CPUs that run the same one (docs/exact_reduction.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::kernels {

// From narrow to wide. kBaseline is 128 bits without FMA (SSE4.2 with AES, any x86-64 CPU since
// 2010), kAvx2 is 256 bits with FMA (since 2013), kAvx512 is 512 bits (F, VL, DQ and BW).
enum class Isa { kBaseline, kAvx2, kAvx512 };

// Returns "baseline", "avx2" or "avx512".
std::string_view IsaName(Isa isa);

// The inverse of IsaName. Returns INVALID_ARGUMENT, with the nearest name, for any other.
absl::StatusOr<Isa> ParseIsa(std::string_view name);

// Returns OK if this CPU runs kBaseline at least, FAILED_PRECONDITION if it does not: programs ask
// before they compute, where a kernel would only die of SIGILL.
absl::Status CheckCpu();

// Returns what this CPU can run, best first.
std::vector<Isa> SupportedIsas();

// Makes the kernels use `isa` from now on; unless called, they use the best. Returns
// FAILED_PRECONDITION if this CPU lacks it. Call it before any kernel runs: a computation that is
// under way in another thread would mix both.
absl::Status SelectIsa(Isa isa);

// Returns what the kernels use.
Isa CurrentIsa();

// Returns the core type of OpenBLAS that belongs to `isa` on every CPU: the oldest that uses all of
// it, so that every CPU with the instruction set has it.
std::string_view BlasCoreFor(Isa isa);

}  // namespace convoy::kernels
