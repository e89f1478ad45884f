// Keeps a training going: starts it, and starts it again from its last checkpoint after a fault.
#pragma once

#include "absl/status/statusor.h"
#include "client/supervise/supervised_run.h"
#include "common/base/status.h"

namespace convoy::client {

// Runs the training on this machine until it has succeeded or cannot go on, and returns its exit
// code (docs/errors.md). SIGINT, SIGTERM, SIGHUP and SIGUSR1 to this process stop it with a
// checkpoint, a second one at once. Where this process dies, the ranks do, too, or the next call
// ends them; it goes on from the last checkpoint. What happens is told on standard error, in
// log.txt and in events.jsonl of the run.
//
// A failure is a fault, and the training starts again, unless it follows from the input, or it
// fails again and again without a newer checkpoint (Patience).
//
// Returns INVALID_ARGUMENT if run.trainer is none, ALREADY_EXISTS or FAILED_PRECONDITION if the run
// directory is another's, and what the system says if it cannot be written. Not thread-safe: called
// once, on the main thread.
absl::StatusOr<ExitCode> Supervise(const SupervisedRun& run);

}  // namespace convoy::client
