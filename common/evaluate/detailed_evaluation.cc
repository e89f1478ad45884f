// Chunks of images are dealt to the threads; the sums of each are kept, and added in the chunks'
// order, so that the result does not depend on the threads.
#include "common/evaluate/detailed_evaluation.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/base/thread_team.h"
#include "common/data/noise.h"
#include "common/evaluate/evaluation.h"
#include "common/kernels/elementwise/softmax.h"

namespace convoy::evaluate {
namespace {

absl::Status CheckDataFits(const nn::Network& network, const data::DatasetView& data) {
  const Shape images = {data.height, data.width, data.channels};
  if (data.count == 0)
    return TextError(absl::StatusCode::kInvalidArgument, "there are no images to evaluate");
  if (network.input_shape() != images) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "the network takes images of $0, but these are $1; evaluate it on data like "
                     "those that it was trained on",
                     ShapeToString(network.input_shape()), ShapeToString(images));
  }
  if (network.num_classes() < data.num_classes) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "the network tells $0 classes apart, but the labels have $1; evaluate it on "
                     "data like those that it was trained on",
                     network.num_classes(), data.num_classes);
  }
  return absl::OkStatus();
}

// Several threads take chunks from one evaluation.
class Run {
 public:
  Run(const LoadedModel& model, const data::DatasetView& data, const EvaluationOptions& options)
      : model_(model),
        data_(data),
        options_(options),
        sums_(static_cast<size_t>(NumChunks(data.count))) {
    result_.images = data.count;
    result_.predicted.resize(static_cast<size_t>(data.count));
    result_.confidence.resize(static_cast<size_t>(data.count));
    result_.actual_probability.resize(static_cast<size_t>(data.count));
  }

  void TakeChunks() {
    Memory memory{
        .executor = nn::Executor(model_.plan(), kChunkImages),
        .noisy = std::vector<uint8_t>(static_cast<size_t>(kChunkImages * data_.image_bytes())),
        .probabilities = std::vector<float>(static_cast<size_t>(kChunkImages * classes()))};
    const auto chunks = static_cast<int64_t>(sums_.size());
    for (int64_t chunk = next_++; chunk < chunks; chunk = next_++) {
      if (options_.stop && options_.stop()) stopped_ = true;
      if (stopped_) return;
      RunChunk(chunk, memory);
    }
  }

  absl::StatusOr<DetailedEvaluation> Finish() && {
    if (stopped_) return TextError(absl::StatusCode::kCancelled, "the evaluation was stopped");
    for (const float probability : result_.confidence) {
      if (std::isfinite(probability)) continue;
      return TextError(absl::StatusCode::kFailedPrecondition,
                       "the network's answers are no numbers: its weights are too large; train it "
                       "again with a lower learning rate");
    }
    const EvaluationSums total = AddChunks(sums_);
    result_.loss = total.loss / static_cast<double>(data_.count);
    result_.accuracy = static_cast<double>(total.correct) / static_cast<double>(data_.count);
    result_.confusion = metrics::ConfusionMatrix(classes());
    for (int64_t i = 0; i < data_.count; ++i) {
      result_.confusion.Add(data_.labels[i], result_.predicted[static_cast<size_t>(i)]);
    }
    return std::move(result_);
  }

 private:
  // What a thread works in.
  struct Memory {
    nn::Executor executor;
    std::vector<uint8_t> noisy;        // [kChunkImages, image_bytes]
    std::vector<float> probabilities;  // [kChunkImages, num_classes]
  };

  int classes() const { return model_.network().num_classes(); }

  void RunChunk(int64_t chunk, Memory& memory) {
    const int64_t first = chunk * kChunkImages;
    const auto count = static_cast<int>(std::min<int64_t>(kChunkImages, data_.count - first));
    std::array<const uint8_t*, kChunkImages> pixels{};
    for (int i = 0; i < count; ++i) {
      pixels[static_cast<size_t>(i)] =
          Pixels(first + i, memory.noisy.data() + i * data_.image_bytes());
    }
    const kernels::LossSums sums = memory.executor.Evaluate(
        model_.weights(),
        {.num_images = count, .pixels = pixels.data(), .labels = data_.labels + first});
    sums_[static_cast<size_t>(chunk)] = {.loss = sums.loss, .correct = sums.correct};
    const float* logits = memory.executor.logits();
    kernels::Softmax(count, classes(), logits, memory.probabilities.data());
    for (int i = 0; i < count; ++i) {
      const float* probabilities = memory.probabilities.data() + i * classes();
      const int predicted = MostLikely(logits + i * classes(), classes());
      const auto image = static_cast<size_t>(first + i);
      result_.predicted[image] = static_cast<Label>(predicted);
      result_.confidence[image] = probabilities[predicted];
      result_.actual_probability[image] = probabilities[data_.labels[first + i]];
    }
  }

  // Returns the pixels of an image, with noise in `memory` if noise is wanted.
  const uint8_t* Pixels(int64_t image, uint8_t* memory) const {
    if (options_.noise_level == 0) return data_.image(image);
    data::AddNoise(data_.image(image), data_.image_bytes(), options_.noise_level,
                   options_.noise_seed, static_cast<uint32_t>(image), memory);
    return memory;
  }

  const LoadedModel& model_;
  const data::DatasetView& data_;
  const EvaluationOptions& options_;
  std::vector<EvaluationSums> sums_;  // [chunks]
  DetailedEvaluation result_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace

absl::StatusOr<DetailedEvaluation> EvaluateInDetail(const LoadedModel& model,
                                                    const data::DatasetView& data,
                                                    const EvaluationOptions& options) {
  CONVOY_RETURN_IF_ERROR(CheckDataFits(model.network(), data));
  CONVOY_RETURN_IF_ERROR(data::CheckNoiseLevel(options.noise_level));
  Run run(model, data, options);
  ThreadTeam team(std::max(1, options.threads));
  team.Run([&run](int) { run.TakeChunks(); });
  return std::move(run).Finish();
}

std::vector<Mistake> WorstMistakes(const DetailedEvaluation& evaluation,
                                   const data::DatasetView& data, size_t max_mistakes) {
  std::vector<Mistake> mistakes;
  for (int64_t i = 0; i < evaluation.images; ++i) {
    const int actual = data.labels[i];
    const auto image = static_cast<size_t>(i);
    const int predicted = evaluation.predicted[image];
    if (actual == predicted) continue;
    mistakes.push_back({.image = i,
                        .actual = actual,
                        .predicted = predicted,
                        .confidence = evaluation.confidence[image],
                        .actual_probability = evaluation.actual_probability[image]});
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.confidence > b.confidence; });
  if (mistakes.size() > max_mistakes) mistakes.resize(max_mistakes);
  return mistakes;
}

}  // namespace convoy::evaluate
