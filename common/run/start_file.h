// Which start of a supervised training may write its run directory. A start on a host that was
// frozen or cut off cannot be ended before the next one begins; when it wakes up it finds here that
// it is over. That holds on file systems without locks, too.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace convoy::run {

// The environment variable with the name of the start that a process belongs to.
inline constexpr char kStartVariable[] = "CONVOY_START";

// Returns the name of a new start, which no other has.
std::string NewStartName();

// Makes it the start that may write `directory`. Returns what the system says if it cannot be
// written.
absl::Status BeginStart(const std::string& directory, const std::string& name);

// Of this process; "" if it is not supervised.
std::string OwnStartName();

// Whether this process belongs to a start that is over: a later one has begun in `directory`. False
// where nobody can tell. Reads a file, also over a network, where a changed file is seen at once.
bool IsOverIn(const std::string& directory);

// Whether a process of the directory's newest start holds the lock of its trainer.
bool NewestStartHoldsLock(const std::string& directory);

// Lets this process's own start write a directory that no supervisor sees, whatever starts have
// been there. Call it only where all ranks of the start are known to live.
void ForgetOtherStarts(const std::string& directory);

// Takes the lock from it: for a process that is known to be ended, or out of reach and over.
void TakeLockAway(const std::string& directory);

}  // namespace convoy::run
