#include "worker/train/evaluator.h"

#include <algorithm>

#include "common/base/status.h"
#include "worker/step/batch_partition.h"

namespace convoy::train {

absl::StatusOr<evaluate::EvaluationSums> EvaluateOnAllRanks(
    comm::Communicator& communicator, ThreadTeam& team, const std::vector<int>& threads_of_rank,
    std::vector<step::MicroBatchRunner>& runners, const nn::PreparedWeights& weights,
    const data::DatasetView& data) {
  // A chunk is dealt out as a micro-batch is; only who computes what is taken from the partition.
  const step::BatchPartition partition(data.count, evaluate::kChunkImages, threads_of_rank);
  const data::Range own = partition.RunOfRank(communicator.rank());
  int64_t most_chunks = 0;
  for (int rank = 0; rank < communicator.world_size(); ++rank) {
    most_chunks = std::max(most_chunks, partition.RunOfRank(rank).size());
  }
  std::vector<evaluate::EvaluationSums> mine(static_cast<size_t>(most_chunks));
  team.Run([&](int thread) {
    const data::Range run = partition.RunOfThread(communicator.rank(), thread);
    evaluate::EvaluateChunks(runners[static_cast<size_t>(thread)].executor(), weights, data, run,
                             mine.data() + (run.begin - own.begin));
  });
  const auto world_size = static_cast<size_t>(communicator.world_size());
  std::vector<evaluate::EvaluationSums> all(world_size * mine.size());
  CONVOY_RETURN_IF_ERROR(communicator.AllGather(
      mine.data(), static_cast<int64_t>(mine.size() * sizeof(mine[0])), all.data()));
  std::vector<evaluate::EvaluationSums> in_order;
  for (int rank = 0; rank < communicator.world_size(); ++rank) {
    const auto first = all.begin() + rank * most_chunks;
    in_order.insert(in_order.end(), first, first + partition.RunOfRank(rank).size());
  }
  return evaluate::AddChunks(in_order);
}

}  // namespace convoy::train
