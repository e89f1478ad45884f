// SIGTERM, SIGINT, SIGUSR1, SIGUSR2 and SIGHUP ask the trainer to stop with a checkpoint; so does a
// coordinator that cancels the job.
#pragma once

namespace convoy::train {

// Makes the signals set the request instead of ending the process. One that was ignored before
// stays so, as nohup wants it. A second one, half a second after the first or later, ends the
// process after all, without waiting for other ranks. Call it once, in main.
void InstallSignals();

// Asks to stop, for good. Thread-safe.
void RequestCancel();

// Returns whether this process was asked to stop, and whether that was RequestCancel. Thread-safe.
bool StopRequested();
bool CancelRequested();

}  // namespace convoy::train
