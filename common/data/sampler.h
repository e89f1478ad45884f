// Which images are trained on when: the order of an epoch, its batches and their micro-batches.
// They depend on the recipe alone, never on the number of ranks or threads. docs/data.md explains
// the words.
#pragma once

#include <cstdint>
#include <vector>

#include "common/data/range.h"

namespace convoy::data {

// Fills `order` with a permutation of 0 .. num_images - 1, a function of (seed, epoch) alone: the
// images of the epoch in the order of training, counted in the training part of the split.
// Fisher-Yates (Durstenfeld's form, from the last place down) with RandomStream::kShuffle.
// REQUIRES: 0 <= num_images < 2^32. Its memory is used again where it suffices.
void EpochOrder(uint64_t seed, uint32_t epoch, int64_t num_images, std::vector<uint32_t>* order);

// Returns the number of batches of an epoch; the last one may be smaller. REQUIRES: batch_size > 0.
int64_t StepsPerEpoch(int64_t num_images, int64_t batch_size);

// Returns the places in the epoch's order that batch `step` covers.
// REQUIRES: 0 <= step < StepsPerEpoch(num_images, batch_size).
Range BatchRange(int64_t num_images, int64_t batch_size, int64_t step);

// Returns the number of micro-batches of a batch of `batch_images` images.
// REQUIRES: micro_batch > 0.
int64_t MicroBatchCount(int64_t batch_images, int64_t micro_batch);

// Returns the places, counted from the start of the batch, that micro-batch `index` covers. All
// have `micro_batch` images, only the last of the batch may have fewer: 100 = 6 x 16 + 4.
// REQUIRES: 0 <= index < MicroBatchCount(batch_images, micro_batch).
Range MicroBatchRange(int64_t batch_images, int64_t micro_batch, int64_t index);

}  // namespace convoy::data
