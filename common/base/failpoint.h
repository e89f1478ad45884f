// Places where a test can have a signal raised, or the program held, so that it need not race the
// program. For tests only: without the environment variable CONVOY_FAILPOINT a failpoint costs one
// comparison.
//
//   CONVOY_FAILPOINT=NAME[:HIT[:TEXT]]
//
// raises the signal CONVOY_FAILPOINT_SIGNAL (a number; SIGKILL unless given) in the process when
// the failpoint NAME is passed for the HIT-th time (1 unless given), counting only the times when
// what it is about, a path, contains TEXT. So `after_rename:2:step-` dies after the rename of the
// second checkpoint file. With CONVOY_FAILPOINT_HOLD=FILE no signal is raised: the thread waits
// there as long as FILE exists, while the program's other threads go on.
//
// CONVOY_FAILPOINT_STOP=FILE: whoever is the first, of all processes with this setting, to pass the
// failpoint whose NAME[:TEXT] is FILE's content removes FILE and stops (SIGSTOP). So a test can
// stop a rank in a phase of its choice while the training is under way, and only once.
//
// As long as the file exists that CONVOY_FAILPOINT_FULL_DISK names, files are written (files.h) as
// to a disk that is full.
#pragma once

#include <string_view>

namespace convoy {

// Failpoints in use: "before_rename" and "after_rename" (WriteFileAtomically; the latter is before
// the directory is synced), "before_prune" (CheckpointStore), "before_read" and "after_read" (a
// file of a data directory), and in the trainer, on every rank and about "rank-0" and so on,
// "after_start", "before_step", "before_validation", "before_checkpoint" and "before_end".
// Thread-safe.
void Failpoint(std::string_view name, std::string_view about);

// Whether a write has to fail for want of room. Thread-safe.
bool FailpointDiskIsFull();

}  // namespace convoy
