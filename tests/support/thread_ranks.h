// Ranks as threads, for tests.
#pragma once

#include "absl/functional/function_ref.h"
#include "tests/support/watched_communicator.h"
#include "worker/comm/communicator.h"

namespace convoy::testing {

// Calls `run` on `world_size` threads, one a rank, and returns when all have returned. A rank that
// returns early, as an ASSERT makes it, does not leave the others waiting: the watchdog ends the
// program then.
void RunRanks(int world_size, absl::FunctionRef<void(comm::Communicator&)> run,
              const Watchdog::Options& options = {});

}  // namespace convoy::testing
