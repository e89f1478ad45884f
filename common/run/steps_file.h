// steps.csv: loss and accuracy within epochs (docs/run_directory.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace convoy::run {

inline constexpr char kStepsFile[] = "steps.csv";

// As training stands after a step. Loss and accuracy are means over the epoch's images so far.
struct StepRow {
  int64_t step = 0;   // done since the start of the run
  int64_t epoch = 0;  // from 0
  double loss = 0;
  double accuracy = 0;
  double images_per_second = 0;
};

// Makes the file of a run that begins, or keeps the rows up to `step` of one that goes on.
absl::Status BeginSteps(const std::string& directory, int64_t step);

absl::Status AppendSteps(const std::string& directory, const std::vector<StepRow>& rows);

// Returns what is there; nothing where there is no file, and no row that is damaged, such as one
// that is being written.
std::vector<StepRow> ReadSteps(const std::string& directory);

// Returns the last of them, without reading the others.
std::optional<StepRow> LastStep(const std::string& directory);

}  // namespace convoy::run
