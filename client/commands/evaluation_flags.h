// The flags of the commands that evaluate a model: which images.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "client/models/model_source.h"

namespace convoy::client {

class EvaluationFlags {
 public:
  // Adds MODEL, --data and --split.
  void AddTo(Arguments& arguments);

  const std::string& model() const { return model_; }

  // Returns the request that the flags make, without noise.
  EvaluationRequest Request() const;

 private:
  std::string model_;
  std::string data_;
  std::string split_ = "test";
};

// Asks the model whether it was trained on the images of the evaluation; nullopt where nobody
// knows.
absl::StatusOr<std::optional<bool>> AskTrainedOn(ModelSource& source,
                                                 const v1::EvaluateModelResponse& evaluation);

// For people: a line where the model was trained on other images, else "".
std::string OtherImagesLine(const std::optional<bool>& trained_on);

}  // namespace convoy::client
