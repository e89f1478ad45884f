// What a model.convoy says about itself.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::coordinator {

// Returns all that `bytes`, the content of a model file, tells: size, digests, network, layers,
// data, kernels. Name, job, version, times and metrics are the caller's. Returns INVALID_ARGUMENT
// or DATA_LOSS if it is no whole model.
absl::StatusOr<v1::TrainedModel> DescribeModel(const std::string& bytes);

}  // namespace convoy::coordinator
