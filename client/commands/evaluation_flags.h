// The flags of the commands that evaluate a model: which images.
#pragma once

#include <string>

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

}  // namespace convoy::client
