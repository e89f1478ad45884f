// `trainer --dry-run`: what a training would be, without one.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "worker/train/job.h"
#include "worker/watch/watch.h"

namespace convoy::trainer {

struct DryRunOptions {
  int threads = 1;      // of this rank
  std::string preview;  // FILE.png or FILE.svg for the first images as training sees them; "": none
};

// COLLECTIVE. Prints on rank 0 what a training would print at its start, how each layer is
// computed, the time of an epoch, measured by some steps that are thrown away, and the memory.
// Writes nothing but the preview. Returns the errors of train::Trainer and of writing.
absl::Status DryRun(watch::Watch& watch, const DryRunOptions& options, train::Job job);

}  // namespace convoy::trainer
