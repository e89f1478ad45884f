// Other hosts, by ssh: whether they are ready for a training, and what must be gone there before it
// starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/supervise/hosts.h"

namespace convoy::client {

// What this machine has, which all others must have, too.
struct Wanted {
  std::string trainer;        // path, the same everywhere
  std::string mark;           // of the run's processes (processes.h)
  std::string scratch;        // directory for MPI's files, or empty
  int64_t scratch_bytes = 0;  // room that one rank wants there
  std::string run_dir;        // of the run, the same path everywhere
  std::string build;          // SHA-256 of the trainer's file
  std::string mpi;            // first line of mpirun --version
  std::string networks;       // in one of which it has an address; "": any
};

struct HostState {
  Host host;  // with its slots
  int cores = 0;
  int64_t checkpoint = 0;  // step of the newest in its run directory; 0: none
  // Why it is not ready, such as "does not answer within a minute"; empty for a host that is.
  i18n::Message trouble;
};

// Fills in build and mpi of this machine.
void DescribeThisMachine(Wanted* wanted);

// On all hosts at once: ends what is left of the run's processes, makes the scratch directory
// empty, and compares the host with `wanted`. Takes 20 s at most: a host that does not answer is
// not ready.
std::vector<HostState> PrepareHosts(const std::vector<Host>& hosts, const Wanted& wanted);

// Likewise at the end of a training: ends its processes and removes the scratch directory.
void CleanHosts(const std::vector<Host>& hosts, const Wanted& wanted);

// The ssh command, in words: $CONVOY_SSH, or the usual one that asks nothing.
std::vector<std::string> SshCommand();

}  // namespace convoy::client
