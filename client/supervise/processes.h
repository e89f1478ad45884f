// Processes of this host that belong to a supervised run, whoever their parent is by now: known by
// a variable of their environment, which children inherit.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::client {

// Returns the variable, "NAME=value", for the run in `run_dir`, which exists. Another directory, a
// copy too, gives another value.
absl::StatusOr<std::string> MarkOf(const std::string& run_dir);

struct MarkedProcess {
  pid_t pid = 0;
  std::string rank;      // as mpirun numbers it; "" for a process that is no rank
  bool stopped = false;  // SIGSTOP or the like
};

// Returns this user's processes with the mark, but for those that have ended.
std::vector<MarkedProcess> FindMarked(const std::string& mark);

// Kills them (SIGKILL), and those that they start meanwhile, until none is left. Those that are
// this process's children are waited for. Returns DEADLINE_EXCEEDED, naming one, if some do not die
// within 20 s, as where a disk does not answer.
absl::Status EndMarked(const std::string& mark);

}  // namespace convoy::client
