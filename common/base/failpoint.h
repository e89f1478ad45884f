// Places where a test can have the program killed. For tests only: without the environment variable
// CONVOY_FAILPOINT a failpoint costs one comparison.
//
//   CONVOY_FAILPOINT=NAME[:HIT[:TEXT]]
//
// kills the process by SIGKILL when the failpoint NAME is passed for the HIT-th time (1 unless
// given), counting only the times when what it is about, a path, contains TEXT. So
// `after_rename:2:step-` dies after the rename of the second checkpoint file.
#pragma once

#include <string_view>

namespace convoy {

// Failpoints in use: "before_rename" and "after_rename" (WriteFileAtomically; the latter is before
// the directory is synced) and "before_prune" (CheckpointStore). Thread-safe.
void Failpoint(std::string_view name, std::string_view about);

}  // namespace convoy
