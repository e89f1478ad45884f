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
  std::string start;      // its name (common/run/start_file.h)
};

// Returns the start of `run`: the trainer itself for one rank here, otherwise mpirun. `environment`
// is the caller's, which goes before the settings that Open MPI is given here; `mark` a variable
// that all processes get; `scratch` a directory for Open MPI's files, or empty.
Launch LaunchOf(const SupervisedRun& run, const Placement& placement,
                std::vector<std::string> environment, const std::string& mark,
                const std::string& scratch);

}  // namespace convoy::client
