// SIGTERM, SIGINT and SIGUSR1 ask the trainer to stop with a checkpoint; so does a coordinator that
// cancels the job.
#pragma once

namespace convoy::train {

// Makes the three signals set the request instead of ending the process; a second SIGINT ends it
// after all. Too large a file becomes an error of write() instead of SIGXFSZ's death. Call it once,
// in main.
void InstallSignals();

// Asks to stop, for good. Thread-safe.
void RequestCancel();

// Returns whether this process was asked to stop, and whether that was RequestCancel. Thread-safe.
bool StopRequested();
bool CancelRequested();

}  // namespace convoy::train
