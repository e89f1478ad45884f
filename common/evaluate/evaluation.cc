#include "common/evaluate/evaluation.h"

#include <algorithm>
#include <array>

namespace convoy::evaluate {

int64_t NumChunks(int64_t num_images) { return (num_images + kChunkImages - 1) / kChunkImages; }

void EvaluateChunks(nn::Executor& executor, const nn::PreparedWeights& weights,
                    const data::DatasetView& data, data::Range chunks, EvaluationSums* sums) {
  std::array<const uint8_t*, kChunkImages> pixels{};
  for (int64_t chunk = chunks.begin; chunk < chunks.end; ++chunk) {
    const int64_t first = chunk * kChunkImages;
    const auto count = static_cast<int>(std::min<int64_t>(kChunkImages, data.count - first));
    for (int i = 0; i < count; ++i) pixels[static_cast<size_t>(i)] = data.image(first + i);
    const kernels::LossSums result = executor.Evaluate(
        weights, {.num_images = count, .pixels = pixels.data(), .labels = data.labels + first});
    *sums++ = {.loss = result.loss, .correct = result.correct};
  }
}

EvaluationSums AddChunks(const std::vector<EvaluationSums>& chunks) {
  EvaluationSums total;
  for (const EvaluationSums& chunk : chunks) {
    total.loss += chunk.loss;
    total.correct += chunk.correct;
  }
  return total;
}

}  // namespace convoy::evaluate
