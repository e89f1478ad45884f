// Which run a directory is of, wherever it lies: a copy on another host has the same identity, a
// directory of the same name for another run has not.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace convoy::run {

// The environment variable by which `convoy run` tells all ranks the identity of their run.
inline constexpr char kRunIdVariable[] = "CONVOY_RUN_ID";

// Returns the identity that `directory` has; "" if it has none, or is not there.
std::string ReadRunId(const std::string& directory);

// Returns the identity of the run in `directory`: what `convoy run` says, or what the directory
// has;
// "" if neither does.
std::string KnownRunId(const std::string& directory);

// Gives `directory`, which exists, an identity that was drawn elsewhere. Does nothing if it has it.
// Returns FAILED_PRECONDITION if it has another, and what the system says if it cannot be written.
absl::Status SetRunId(const std::string& directory, const std::string& id);

}  // namespace convoy::run
