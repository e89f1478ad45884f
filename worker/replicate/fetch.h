// At the start of a run that goes on: the newest checkpoint and the data, wherever they lie.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"

namespace convoy::replicate {

// COLLECTIVE. Where the host of another rank has a newer whole checkpoint of the run than rank 0,
// brings it to rank 0's run directory, which is made if need be. `run_directory` is each rank's
// own: the same path, or the same below its working directory. A directory there that is of another
// run is left alone. Returns a line for people on rank 0, "" where there is nothing to say; the
// same error on all ranks if rank 0 cannot write it.
absl::StatusOr<std::string> FetchNewestCheckpoint(comm::Communicator& communicator,
                                                  const std::string& run_directory);

// COLLECTIVE. Likewise the copy of the data that another host has of the run, if rank 0 has none
// and `wanted`, which is its to say. Call it after FetchNewestCheckpoint.
absl::StatusOr<std::string> FetchDataCopy(comm::Communicator& communicator,
                                          const std::string& run_directory, bool wanted);

}  // namespace convoy::replicate
