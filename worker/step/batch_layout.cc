#include "worker/step/batch_layout.h"

#include <numeric>

#include "common/data/sampler.h"

namespace convoy::reduce {

BatchLayout::BatchLayout(int64_t batch_images, int micro_batch,
                         const std::vector<int>& threads_of_rank)
    : batch_images_(batch_images),
      micro_batch_(micro_batch),
      num_micro_batches_(data::MicroBatchCount(batch_images, micro_batch)) {
  const int slots = std::accumulate(threads_of_rank.begin(), threads_of_rank.end(), 0);
  int slot = 0;
  for (const int threads : threads_of_rank) {
    std::vector<Range>& runs = thread_runs_.emplace_back();
    for (int thread = 0; thread < threads; ++thread) {
      runs.push_back(data::EqualPart(num_micro_batches_, slot++, slots));
    }
    const int rank = static_cast<int>(thread_runs_.size()) - 1;
    nodes_.push_back(CoverWithNodes(num_micro_batches_, RunOfRank(rank)));
  }
}

Range BatchLayout::ImagesOf(int64_t micro_batch) const {
  return data::MicroBatchRange(batch_images_, micro_batch_, micro_batch);
}

Range BatchLayout::RunOfThread(int rank, int thread) const {
  return thread_runs_[static_cast<size_t>(rank)][static_cast<size_t>(thread)];
}

Range BatchLayout::RunOfRank(int rank) const {
  const std::vector<Range>& runs = thread_runs_[static_cast<size_t>(rank)];
  return {runs.front().begin, runs.back().end};
}

std::vector<Range> BatchLayout::NodesOfAllRanks() const {
  std::vector<Range> all;
  for (const std::vector<Range>& nodes : nodes_) all.insert(all.end(), nodes.begin(), nodes.end());
  return all;
}

}  // namespace convoy::reduce
