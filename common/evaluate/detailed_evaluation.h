// Evaluation image by image: what the network answered, where it errs, and how much noise it bears.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/label.h"
#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"
#include "common/metrics/confusion_matrix.h"

namespace convoy::evaluate {

struct EvaluationOptions {
  // The standard deviation of the noise that is added to the pixels (common/data/noise.h); an
  // image's number in the evaluated data is its image_index.
  double noise_level = 0;
  uint64_t noise_seed = 42;
  int threads = 1;
  // Asked before every chunk, by any thread; true ends the evaluation with CANCELLED. May be empty.
  std::function<bool()> stop;
};

struct DetailedEvaluation {
  int64_t images = 0;
  double loss = 0;                        // mean
  double accuracy = 0;                    // right answers over images
  std::vector<Label> predicted;           // [images]: the class of the largest logit
  std::vector<float> confidence;          // [images]: the probability of `predicted`
  std::vector<float> actual_probability;  // [images]: that of the image's label
  metrics::ConfusionMatrix confusion{1};
};

// Evaluates all of `data`. Loss and accuracy are the trainer's own, bit for bit: the same chunks,
// kernels and order of additions, at any number of threads. Returns INVALID_ARGUMENT if the data
// are empty or do not fit the network's input and classes, or an option makes no sense; CANCELLED
// as asked; FAILED_PRECONDITION if the network's answers are no numbers.
absl::StatusOr<DetailedEvaluation> EvaluateInDetail(const LoadedModel& model,
                                                    const data::DatasetView& data,
                                                    const EvaluationOptions& options);

// An image that was taken for another class.
struct Mistake {
  int64_t image = 0;  // its number in the evaluated data
  int actual = 0;
  int predicted = 0;
  float confidence = 0;          // the probability of `predicted`
  float actual_probability = 0;  // the probability of `actual`
};

// Returns the mistakes of which the network was surest, at most `max_mistakes`, the surest first;
// of equally sure ones the first image. `data` is what was evaluated.
std::vector<Mistake> WorstMistakes(const DetailedEvaluation& evaluation,
                                   const data::DatasetView& data, size_t max_mistakes);

}  // namespace convoy::evaluate
