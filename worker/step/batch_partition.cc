#include "worker/step/batch_partition.h"

#include <algorithm>

#include "common/data/sampler.h"
#include "worker/step/batch_cuts.h"

namespace convoy::step {

BatchPartition::BatchPartition(int64_t batch_images, int micro_batch,
                               const std::vector<int>& threads_of_rank, double images_per_sum)
    : batch_images_(batch_images),
      micro_batch_(micro_batch),
      num_micro_batches_(data::MicroBatchCount(batch_images, micro_batch)) {
  const std::vector<int64_t> bounds =
      CutBetweenRanks(num_micro_batches_, micro_batch, threads_of_rank, images_per_sum);
  for (size_t rank = 0; rank < threads_of_rank.size(); ++rank) {
    const Range run = {bounds[rank], bounds[rank + 1]};
    std::vector<Range>& runs = thread_runs_.emplace_back();
    for (int thread = 0; thread < threads_of_rank[rank]; ++thread) {
      const Range part = data::EqualPart(run.size(), thread, threads_of_rank[rank]);
      runs.push_back({run.begin + part.begin, run.begin + part.end});
    }
    nodes_.push_back(CoverWithNodes(num_micro_batches_, run));
  }
}

Range BatchPartition::ImagesOf(int64_t micro_batch) const {
  return data::MicroBatchRange(batch_images_, micro_batch_, micro_batch);
}

Range BatchPartition::RunOfThread(int rank, int thread) const {
  return thread_runs_[static_cast<size_t>(rank)][static_cast<size_t>(thread)];
}

Range BatchPartition::RunOfRank(int rank) const {
  const std::vector<Range>& runs = thread_runs_[static_cast<size_t>(rank)];
  return {runs.front().begin, runs.back().end};
}

Range BatchPartition::ImagesOfRank(int rank) const {
  const Range run = RunOfRank(rank);
  if (run.empty()) return {0, 0};
  return {ImagesOf(run.begin).begin, ImagesOf(run.end - 1).end};
}

std::vector<Range> BatchPartition::NodesOfAllRanks() const {
  std::vector<Range> all;
  for (const std::vector<Range>& nodes : nodes_) all.insert(all.end(), nodes.begin(), nodes.end());
  return all;
}

std::vector<BatchPartition> PartitionEpoch(int64_t num_images, int64_t batch_size, int micro_batch,
                                           const std::vector<int>& threads_of_rank,
                                           double images_per_sum) {
  const int64_t last = data::StepsPerEpoch(num_images, batch_size) - 1;
  std::vector<BatchPartition> batches;
  for (const int64_t number : {int64_t{0}, last}) {
    const int64_t images = data::BatchRange(num_images, batch_size, number).size();
    batches.emplace_back(images, micro_batch, threads_of_rank, images_per_sum);
  }
  return batches;
}

int64_t MostImages(const std::vector<BatchPartition>& batches) {
  int64_t most = 0;
  for (const BatchPartition& batch : batches) most = std::max(most, batch.batch_images());
  return most;
}

}  // namespace convoy::step
