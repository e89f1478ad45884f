// Evaluation on all ranks and threads.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/base/thread_team.h"
#include "common/evaluate/evaluation.h"
#include "worker/comm/communicator.h"
#include "worker/step/micro_batch_runner.h"

namespace convoy::train {

// COLLECTIVE. Returns the sums over all images of `data`, the same bits at any world size and
// thread count. threads_of_rank has the team's size of every rank.
absl::StatusOr<evaluate::EvaluationSums> EvaluateOnAllRanks(
    comm::Communicator& communicator, ThreadTeam& team, const std::vector<int>& threads_of_rank,
    std::vector<step::MicroBatchRunner>& runners, const nn::PreparedWeights& weights,
    const data::DatasetView& data);

}  // namespace convoy::train
