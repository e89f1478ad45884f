// What of the machine this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace convoy {

// Returns how many cores this process may run on: its affinity mask, cut by a cgroup's CPU quota
// (rounded up). At least 1.
int UsableCores();

// Returns the host's name.
std::string HostName();

// Returns the memory of this computer, in bytes.
int64_t PhysicalMemoryBytes();

// Returns the largest resident set that this process has had so far, in bytes.
int64_t PeakRssBytes();

}  // namespace convoy
