// The network that a model file describes, and whether the file's weights are the network's.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"

namespace convoy::evaluate {

// Returns INVALID_ARGUMENT, naming the first tensor that differs, unless `tensors` are exactly the
// network's parameters, trainable or not: the same names and shapes in the same order.
absl::Status CheckFits(const std::vector<formats::NamedTensor>& tensors,
                       const nn::Network& network);

// Returns the network of a model file; `name` names the file in messages. Returns INVALID_ARGUMENT
// if the description is not that of a network, and CheckFits's errors.
absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model,
                                           const std::string& name);

}  // namespace convoy::evaluate
