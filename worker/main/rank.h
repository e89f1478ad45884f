// What one rank of the trainer does, from its flags to its exit code.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "worker/comm/communicator.h"
#include "worker/main/flags.h"

namespace convoy::trainer {

// COLLECTIVE. Trains, and reports on the terminal and in the run directory. Flags that could not be
// parsed are reported as any error: by rank 0, after all have heard of it.
ExitCode RunRank(comm::Communicator& communicator, const absl::StatusOr<Flags>& flags);

}  // namespace convoy::trainer
