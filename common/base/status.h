// How errors travel: everything that can go wrong in the field is an absl::Status; nothing of ours
// throws. docs/errors.md tells which code means what.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy {

// Exit codes of all programs; a contract (docs/errors.md).
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,       // wrong usage or input: a flag, a file, a network that does not fit
  kStopped = 75,    // stopped on request, a checkpoint is written; run again with --resume
  kCancelled = 76,  // cancelled; never to be requeued
  kHung = 77,       // a rank hung and was named; run again with --resume
};

// Returns kOk for OK, kUsage for the codes that mean wrong usage or input (INVALID_ARGUMENT,
// NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, DATA_LOSS,
// UNIMPLEMENTED), kCancelled for CANCELLED and kFailed for every other.
ExitCode ExitCodeFor(const absl::Status& status);

// Returns `status` with "`context`: " before its message; OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

}  // namespace convoy

#define CONVOY_RETURN_IF_ERROR(expr)                                                       \
  do {                                                                                     \
    if (absl::Status convoy_status_ = (expr); !convoy_status_.ok()) return convoy_status_; \
  } while (false)

#define CONVOY_CONCAT_INNER_(a, b) a##b
#define CONVOY_CONCAT_(a, b) CONVOY_CONCAT_INNER_(a, b)

// CONVOY_ASSIGN_OR_RETURN(auto x, F()); assigns the value of a StatusOr or returns its error.
#define CONVOY_ASSIGN_OR_RETURN(lhs, expr) \
  CONVOY_ASSIGN_OR_RETURN_(CONVOY_CONCAT_(convoy_or_, __LINE__), lhs, expr)
#define CONVOY_ASSIGN_OR_RETURN_(or_name, lhs, expr) \
  auto or_name = (expr);                             \
  if (!or_name.ok()) return or_name.status();        \
  lhs = *std::move(or_name)
