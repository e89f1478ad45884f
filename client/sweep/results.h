// What came of the trainings of a sweep.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client/sweep/halving.h"
#include "client/sweep/trials.h"
#include "convoy/v1/job.pb.h"

namespace convoy::client {

struct TrialResult {
  Trial trial;
  std::string directory;
  v1::Job job;                           // as the run directory tells it; empty where there is none
  std::string error;                     // of a training that failed
  std::vector<v1::MetricSample> epochs;  // that are complete
  std::optional<Ending> ending;          // of one that halving has ended
};

// A round of successive halving.
struct Round {
  int epoch = 0;
  std::string metric;     // what was judged by
  int combinations = 0;   // that took part
  int kept = 0;           // of these
  double least_kept = 0;  // the mean of the worst that was kept
};

// Halves the combinations of settings that are still trained, judged by the mean over their seeds
// after `epoch`, or after the last of a training that stopped early: of val_accuracy, or of
// accuracy where nobody validates. One with a training that has no such value takes no part.
Round HalveCombinations(int epoch, std::vector<TrialResult>* results);

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

// Returns the run with the greatest value of JudgedBy, the first of several, of those that halving
// has not ended; null if none succeeded.
const TrialResult* Best(const std::vector<TrialResult>& results);

// A line a combination of settings with mean and spread over the seeds, or after which epoch it was
// ended, then the best run. For
// `columns` as client/view's tables; 0: any width.
std::string ResultsText(const std::vector<TrialResult>& results, int columns);

// Runs, groups, rounds of halving and the best: docs/convoy.md has the keys.
nlohmann::ordered_json ResultsJson(const std::vector<TrialResult>& results,
                                   const std::vector<Round>& rounds);

}  // namespace convoy::client
