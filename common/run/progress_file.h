// progress.json: where each rank is, written every second while a run is under way
// (docs/run_directory.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace convoy::run {

struct RankProgress {
  std::string host;
  int64_t step = 0;    // in progress, from 1
  std::string phase;   // for people: "forward and backward", "the validation", ...
  double seconds = 0;  // how long it has been there
};

struct Progress {
  absl::Time time;                  // of writing
  std::vector<RankProgress> ranks;  // in order of rank
};

std::string ToJson(const Progress& progress);

// Returns the steps that all ranks have done by what ToJson wrote; 0 for what is no such text, as
// half of it is in the moment before it is replaced.
int64_t StepsDone(const std::string& text);

}  // namespace convoy::run
