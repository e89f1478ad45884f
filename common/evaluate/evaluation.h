// Loss and accuracy over a data set, in fixed chunks of images: every image counts exactly once,
// and the result does not depend on who computes which chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "common/data/dataset.h"
#include "common/nn/plan/executor.h"

namespace convoy::evaluate {

// Images that go through the network together in evaluation, whatever the recipe says of training:
// few enough to stay in cache.
inline constexpr int kChunkImages = 16;

struct EvaluationSums {
  double loss = 0;      // the sum of the images' losses
  int64_t correct = 0;  // right answers
};

// Returns how many chunks `num_images` make; the last may be smaller.
int64_t NumChunks(int64_t num_images);

// Evaluates the chunks [chunks.begin, chunks.end) of `data` and writes the sums of each to
// sums[chunks.size()]. REQUIRES: the executor takes kChunkImages at least.
void EvaluateChunks(nn::Executor& executor, const nn::PreparedWeights& weights,
                    const data::DatasetView& data, data::Range chunks, EvaluationSums* sums);

// Returns the chunks' sums, added in order.
EvaluationSums AddChunks(const std::vector<EvaluationSums>& chunks);

}  // namespace convoy::evaluate
