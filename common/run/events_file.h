// events.jsonl: what happened to a run that `convoy run` keeps going, a line of JSON each
// (docs/run_directory.md).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace convoy::run {

enum class RunEventKind { kRestarted, kGaveUp, kHostLost, kHostBack };

struct RunEvent {
  absl::Time time;
  RunEventKind kind = RunEventKind::kRestarted;
  std::string message;  // one line for people, which says all
};

// Adds the event to the file of the run in `directory`.
absl::Status AppendEvent(const std::string& directory, const RunEvent& event);

// Returns the newest events, at most 100, the oldest first. Lines that are no events, such as one
// that was cut off, are left out; none where there is no file.
std::vector<RunEvent> ReadEvents(const std::string& directory);

}  // namespace convoy::run
