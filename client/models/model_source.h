// A model that somebody named, wherever it is: a file on this computer, or a model of a
// coordinator. What it answers has the same form either way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::client {

// What to evaluate on.
struct EvaluationRequest {
  std::string data;  // --data: a directory or "generated"; "": what the data module finds
  v1::Split split = v1::TEST;
  double noise_level = 0;
  uint64_t noise_seed = 42;
  int max_mistakes = 0;
};

// Returns the message that asks the model of that name for it.
v1::EvaluateModelRequest ToMessage(const EvaluationRequest& request, const std::string& name);

// A picture with its name in messages.
struct Picture {
  std::string name;
  std::string png;  // the file's bytes
};

// Thread-compatible.
class ModelSource {
 public:
  virtual ~ModelSource() = default;

  // For people: the file, or the model's name and the coordinator's address.
  virtual std::string Where() const = 0;

  virtual absl::StatusOr<v1::TrainedModel> Describe() = 0;

  // Loads the images with the first call and keeps them for those with the same `data`. A
  // coordinator has its own images: INVALID_ARGUMENT for a directory there.
  virtual absl::StatusOr<v1::EvaluateModelResponse> Evaluate(const EvaluationRequest& request) = 0;

  // Classifies the pictures; an error names the picture. `as_they_are`: do not prepare them, they
  // must have the network's size. The answer on a single picture has it as the network saw it.
  virtual absl::StatusOr<v1::PredictResponse> Predict(const std::vector<Picture>& pictures,
                                                      bool as_they_are) = 0;

  // Returns the content of model.convoy.
  virtual absl::StatusOr<std::string> ReadBytes() = 0;
};

// Returns the model that `argument` (MODEL, "" where not given) or --model names (client/names): a
// file or run directory, or a name at the coordinator, with or without "models/" before it. Returns
// INVALID_ARGUMENT if both are given, FindPlace's errors, NOT_FOUND if the coordinator has no such
// model, and the coordinator's errors.
absl::StatusOr<std::unique_ptr<ModelSource>> OpenModel(const std::string& argument,
                                                       const Context& context);

}  // namespace convoy::client
