// How a supervised training is started: the command and its environment.
#pragma once

#include <string>
#include <vector>

#include "client/process/child.h"
#include "client/supervise/supervised_run.h"

namespace convoy::client {

// Where the ranks of one start are.
struct Placement {
  int ranks = 1;
  std::string host_file;  // "": this machine
  std::string networks;   // between the hosts; "": any
  std::string scratch;    // directory for Open MPI's files; "": its own
  std::string run_id;     // (common/run/run_id.h); "": the ranks' own affair
  std::string start;      // its name (common/run/start_file.h)
};

// Returns the start of `run`: the trainer itself for one rank here, otherwise mpirun. `environment`
// is the caller's, which goes before the settings that Open MPI is given here; `mark` a variable
// that all processes get.
Launch LaunchOf(const SupervisedRun& run, const Placement& placement,
                std::vector<std::string> environment, const std::string& mark);

}  // namespace convoy::client
