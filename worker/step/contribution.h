// What a rank brings to a step, and what all ranks know after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace convoy::step {

// The sums of a rank's micro-batches, one for each of BatchPartition::NodesOfRank, in that order.
struct Contribution {
  std::vector<const float*> gradients;  // each [num_parameters]; not owned
  std::vector<double> losses;           // sums of the images' losses
  int64_t correct = 0;                  // right answers
  bool stop_requested = false;          // this rank was asked to stop
};

// The same on every rank, at any world size.
struct StepResult {
  double loss = 0;              // the sum over the batch's images
  int64_t correct = 0;          // right answers
  bool stop_requested = false;  // any rank was asked to stop
};

}  // namespace convoy::step
