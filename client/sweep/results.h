// What came of the trainings of a sweep.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client/sweep/trials.h"
#include "convoy/v1/job.pb.h"

namespace convoy::client {

struct TrialResult {
  Trial trial;
  std::string directory;
  v1::Job job;        // as the run directory tells it; empty where there is none
  std::string error;  // of a training that failed
};

// The mean of several numbers and how far they lie apart.
struct Spread {
  int count = 0;
  double mean = 0;
  std::optional<double> deviation;  // with n - 1; none of one number
  double least = 0;
  double greatest = 0;
};

// REQUIRES: at least one value.
Spread SpreadOf(const std::vector<double>& values);

// What runs are judged by: "val_accuracy" where all that succeeded have it, else "test_accuracy".
std::string JudgedBy(const std::vector<TrialResult>& results);

// Returns the run with the greatest value of JudgedBy, the first of several; null if none
// succeeded.
const TrialResult* Best(const std::vector<TrialResult>& results);

// A line a combination of settings with mean and spread over the seeds, then the best run.
std::string ResultsText(const std::vector<TrialResult>& results);

// Runs, groups and the best: docs/convoy.md has the keys.
nlohmann::ordered_json ResultsJson(const std::vector<TrialResult>& results);

}  // namespace convoy::client
