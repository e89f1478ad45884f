// A trained network in memory, ready for passes: what evaluation and prediction work on.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/aligned_buffer.h"
#include "common/formats/model_file.h"
#include "common/nn/plan/executor.h"
#include "common/nn/plan/plan.h"

namespace convoy::evaluate {

// Immutable, so thread-safe: any number of executors may run over one.
class LoadedModel {
 public:
  // Loads a model file, or the model part of a checkpoint. Returns formats::ReadModel's errors and
  // Create's.
  static absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const std::string& path);

  // Loads the content of such a file; `name` names it in messages.
  static absl::StatusOr<std::shared_ptr<const LoadedModel>> Parse(std::string bytes,
                                                                  const std::string& name);

  // Makes a model of a decoded file; `name` names it in messages. Returns INVALID_ARGUMENT if its
  // network makes no sense, DATA_LOSS if its tensors are not the network's or not finite, and
  // RESOURCE_EXHAUSTED if its passes would take more memory than kMaxPassBytes.
  static absl::StatusOr<std::shared_ptr<const LoadedModel>> Create(formats::ModelFile file,
                                                                   const std::string& name);

  // The memory that the passes of one thread may take.
  static constexpr int64_t kMaxPassBytes = int64_t{2} << 30;

  const nn::Network& network() const { return plan_.network(); }
  const nn::Plan& plan() const { return plan_; }
  nn::PreparedWeights weights() const {
    return {.weights = weights_.data(), .prepared = prepared_.data()};
  }

  // What the file says besides: recipe, data, metrics. The tensors have no data: weights() has
  // them.
  const formats::ModelFile& description() const { return description_; }
  // The summary's weights_sha256.
  const std::string& weights_sha256() const { return weights_sha256_; }

 private:
  LoadedModel(nn::Plan plan, const formats::ModelFile& file);

  nn::Plan plan_;
  AlignedBuffer<float> weights_;   // [num_parameters]
  AlignedBuffer<float> prepared_;  // [prepared_floats]
  formats::ModelFile description_;
  std::string weights_sha256_;
};

// Predicts in one thread. Thread-compatible; the memory of the passes is taken by the constructor.
class Predictor {
 public:
  explicit Predictor(std::shared_ptr<const LoadedModel> model);

  const LoadedModel& model() const { return *model_; }

  // Writes the classes' probabilities [num_images, num_classes] of any number of images: pixels
  // [num_images], bytes [height, width, channels] each. An image gets the same bits whatever others
  // are predicted with it.
  void Predict(const uint8_t* const* pixels, int num_images, float* probabilities);

 private:
  std::shared_ptr<const LoadedModel> model_;
  nn::Executor executor_;
};

// Returns the class of the largest of probabilities [num_classes]; of equal ones the first.
int MostLikely(const float* probabilities, int num_classes);

}  // namespace convoy::evaluate
