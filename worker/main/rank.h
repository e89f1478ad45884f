// What one rank of the trainer does, from its flags to its exit code.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "worker/main/flags.h"
#include "worker/watch/watch.h"

namespace convoy::trainer {

// COLLECTIVE. Trains, watched, and reports on the terminal and in the run directory. Flags that
// could not be parsed are reported as any error: by rank 0, after all have heard of it.
ExitCode RunRank(watch::Watch& watch, const absl::StatusOr<Flags>& flags);

}  // namespace convoy::trainer
