// Where a rank's run of micro-batches ends and the next one's begins. A run sends one sum for each
// of the nodes of the canonical tree that cover it (summation_tree.h), and who computes a
// micro-batch does not show in the result: so cuts may move to where subtrees end.
#pragma once

#include <cstdint>
#include <vector>

#include "common/nn/plan/plan.h"
#include "worker/step/exchange.h"

namespace convoy::step {

// Returns world_size + 1 bounds, from 0 to num_micro_batches: rank r's run is [bounds[r],
// bounds[r + 1]), and may be empty. The same on every rank.
//
// `images_per_sum` says what a sum costs: the images that a thread computes meanwhile. 0: nothing,
// and runs are as long as their ranks have threads. Else the cuts make
//   images of the busiest thread + images_per_sum * most sums of a rank
// as small as cuts near the even ones can, but no thread gets more than an eighth more than the
// busiest would have evenly. REQUIRES: every rank has a thread. Takes a time of the order of
// world_size * log(num_micro_batches)^3.
std::vector<int64_t> CutBetweenRanks(int64_t num_micro_batches, int micro_batch,
                                     const std::vector<int>& threads_of_rank,
                                     double images_per_sum);

// Returns `images_per_sum` of batches of `batch_size` images for ranks on several hosts: from the
// sizes of the network, for a core and a link as they are common. Nothing is measured, so that a
// job is dealt out alike each time.
double ImagesPerSum(const nn::Plan& plan, int64_t batch_size,
                    Exchange exchange = Exchange::kFloat32);

}  // namespace convoy::step
