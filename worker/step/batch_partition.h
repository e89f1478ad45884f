// Who computes which micro-batch of a batch, and which sums of the canonical tree that gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/step/summation_tree.h"

namespace convoy::step {

// Immutable, so thread-safe. The same on every rank. What a step keeps for each batch size stands
// at the index that the partition has in the step's list of batches (StepInput::batch).
class BatchPartition {
 public:
  // A batch of `batch_images` images, cut into micro-batches, dealt to the threads of all ranks:
  // first rank 0's threads_of_rank[0] threads, then rank 1's, and so on. Runs are equally long, or,
  // where sums are sent and cost something, of lengths that make them few (batch_cuts.h).
  BatchPartition(int64_t batch_images, int micro_batch, const std::vector<int>& threads_of_rank,
                 double images_per_sum = 0);

  int64_t batch_images() const { return batch_images_; }
  int64_t num_micro_batches() const { return num_micro_batches_; }
  int world_size() const { return static_cast<int>(nodes_.size()); }

  // The images of a micro-batch, counted from the batch's first.
  Range ImagesOf(int64_t micro_batch) const;

  // The micro-batches of a thread, and of a rank, in order; may be empty.
  Range RunOfThread(int rank, int thread) const;
  Range RunOfRank(int rank) const;

  // The images of a rank's run; may be empty.
  Range ImagesOfRank(int rank) const;

  // The nodes whose sums a rank contributes, in order; none for an empty run.
  const std::vector<Range>& NodesOfRank(int rank) const {
    return nodes_[static_cast<size_t>(rank)];
  }

  // Returns the nodes of all ranks, in order of rank.
  std::vector<Range> NodesOfAllRanks() const;

 private:
  int64_t batch_images_;
  int micro_batch_;
  int64_t num_micro_batches_;
  std::vector<std::vector<Range>> thread_runs_;  // [rank][thread]
  std::vector<std::vector<Range>> nodes_;        // [rank]
};

// The batches of an epoch: all but the last are full ones.
inline constexpr size_t kFullBatch = 0;
inline constexpr size_t kLastBatch = 1;

// Returns these two for an epoch of so many images.
std::vector<BatchPartition> PartitionEpoch(int64_t num_images, int64_t batch_size, int micro_batch,
                                           const std::vector<int>& threads_of_rank,
                                           double images_per_sum = 0);

// Returns the images of the largest of `batches`.
int64_t MostImages(const std::vector<BatchPartition>& batches);

}  // namespace convoy::step
