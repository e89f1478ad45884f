// The directory of one run for what MPI keeps beside its processes: session folders and shared
// memory. One place, so that it can be removed when they were killed.
#pragma once

#include <cstdint>
#include <string>

namespace convoy::client {

// Returns the path, in memory if it has `bytes` of room there, for the run with this mark. Empty if
// it cannot be made, or is there and another user's: MPI then chooses its own.
std::string MakeScratch(const std::string& mark, int64_t bytes);

// Removes what is there of it, if it is this user's. No process may use it any more.
void RemoveScratch(const std::string& mark);

}  // namespace convoy::client
