// The hosts that a training may use, as people name them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::client {

struct Host {
  std::string name;  // or address, or user@name, as ssh takes it
  int slots = 0;     // ranks on it; 0: as many as it has cores
};

// Reads "pc01,pc02:4". Returns INVALID_ARGUMENT for what is no name, no number of ranks, or named
// twice.
absl::StatusOr<std::vector<Host>> HostsFromList(const std::string& list);

// Reads a host file as mpirun has it: "pc01" or "pc01 slots=4" a line, # begins a comment. Errors
// name file and line.
absl::StatusOr<std::vector<Host>> HostsFromFile(const std::string& path);

}  // namespace convoy::client
