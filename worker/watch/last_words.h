// What a rank says before it dies: on standard error, and in a file of the run directory.
#pragma once

#include <string>

#include "common/i18n/message.h"

namespace convoy::watch {

// From now on, a deadly signal (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) leaves a line "trainer:
// error: rank 1 on pc03: died of SIGSEGV" before it ends the process. `who` is "rank 1 on pc03".
// Call it once a process, after MPI_Init, whose own handlers it replaces.
void InstallLastWords(const std::string& who);

// Names the file that they are added to, if it can be written; absolute. Thread-safe.
void SetLastWordsFile(const std::string& path);

// Adds a record to the file: the error that ends this rank; and, where it was shown in another
// language, a line with that. Thread-safe.
void LeaveLastWords(const i18n::Message& error);

}  // namespace convoy::watch
