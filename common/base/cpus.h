// What of the machine this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace convoy {

// Returns how many cores this process may run on: its affinity mask, cut by its CPU quota. At least
// 1.
int UsableCores();

// Returns how many cores the CPU quota of this process's cgroups allows all their processes
// together (rounded up, at least 1); INT_MAX where there is none. The group's own quota counts and
// those of the groups that it is in, version 1 or 2.
int QuotaCores();

// The same as read from `groups`, the content of /proc/self/cgroup, with the groups' files below
// `root`, such as /sys/fs/cgroup.
int QuotaCoresOf(const std::string& groups, const std::string& root);

// Returns the host's name.
std::string HostName();

// Returns the memory that this process may have, in bytes: the computer's, or less where a limit of
// the process (ulimit -v) or of its cgroups says so.
int64_t UsableMemoryBytes();

// The cgroups' part of it, as QuotaCoresOf; INT64_MAX where there is no limit.
int64_t MemoryLimitOf(const std::string& groups, const std::string& root);

// Returns the largest resident set that this process has had so far, in bytes.
int64_t PeakRssBytes();

}  // namespace convoy
