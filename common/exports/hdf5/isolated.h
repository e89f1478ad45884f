// Running code in a process of its own, for libraries that were not written for hostile input: what
// crashes there, or never ends, is an error here.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace convoy::exports {

struct IsolationLimits {
  uint64_t extra_memory_bytes = uint64_t{1} << 30;  // beyond what this process has taken already
  uint64_t result_bytes = uint64_t{1} << 30;
  unsigned seconds = 60;      // of wall time; a library that hangs is ended
  unsigned cpu_seconds = 10;  // of computing; one that goes in circles is ended sooner
};

// Runs `work` in a fork of this process and returns what it returned, status or bytes. Its other
// effects stay in the fork, and so does what it prints on standard error. Returns DATA_LOSS,
// beginning with `what`, if the fork died or gave more than `limits`; RESOURCE_EXHAUSTED if there
// can be no fork.
//
// In the fork no thread but the caller's goes on, so `work` must not wait for locks that others may
// hold: call it with those of the libraries it uses. Thread-safe. Costs some milliseconds.
absl::StatusOr<std::string> RunIsolated(const std::string& what, const IsolationLimits& limits,
                                        absl::FunctionRef<absl::StatusOr<std::string>()> work);

}  // namespace convoy::exports
