// Successive halving: all combinations train for a few epochs, the better half goes on, and so
// until one is left, which trains to the end. It takes for granted that what is worse early stays
// worse. Source: Jamieson, Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
// Optimization", 2016.
#pragma once

#include <optional>
#include <vector>

namespace convoy::client {

// Why a combination was ended.
struct Ending {
  int epoch = 0;          // after it
  double value = 0;       // what it was judged by
  double least_kept = 0;  // the same of the worst that went on
  int place = 0;          // of value, from 1
  int of = 0;             // among so many combinations
};

// Returns after which epochs so many combinations are halved, ascending, the last one not: each
// about half of the next and less than `epochs`. Empty where there is nothing to halve.
std::vector<int> HalvingEpochs(int combinations, int epochs);

// Judges combinations by `values` after `epoch`, greater is better, of equal ones the earlier.
// Returns of each why it ends, nothing of the better half (rounded up), which goes on.
std::vector<std::optional<Ending>> Halve(const std::vector<double>& values, int epoch);

}  // namespace convoy::client
