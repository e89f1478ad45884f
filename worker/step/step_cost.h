// What a training step takes on several hosts: a model of its messages (docs/scaling.md), for
// saying beforehand which machines, network and batch go together. No result depends on it.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/step/batch_partition.h"
#include "worker/step/sharding_plan.h"

namespace convoy::step {

// How many bytes a link carries for one byte of a message: TCP's, IP's and Ethernet's own.
inline constexpr double kWireBytes = 1.03;

// The ranks' machines, and the network between them.
struct Machines {
  std::vector<int> threads_of_rank;
  std::vector<int> host_of_rank;  // the same number: the same host
  double image_seconds = 0;       // of an image's passes, on one thread
  double update_seconds = 0;      // of all parameters, on one rank: the sums' rest, the optimizer
  double message_seconds = 0;     // of a message between hosts, beside its bytes
  double bytes_per_second = 0;    // of messages, each way, between two hosts
};

struct StepCost {
  double seconds = 0;          // of the step
  double compute_seconds = 0;  // of that, what the slowest rank computes
  std::vector<int64_t> sent;   // bytes of messages to other hosts, of each rank
};

// Plays the step through, rank by rank and message by message: each rank computes its
// micro-batches; in rounds it sends its sums and factors to their owners; the owner finishes its
// shard; in rounds all get the new weights. In a round a rank sends to one other and receives from
// another, and begins once both are there. Within a host messages take no time; the ranks of a host
// share its link. The number of messages is the square of the number of ranks.
// REQUIRES: sharding, batch and machines are of equally many ranks.
StepCost CostOfStep(const ShardingPlan& sharding, const BatchPartition& batch,
                    const Machines& machines);

}  // namespace convoy::step
