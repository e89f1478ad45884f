// What a model.convoy says about itself, as the API's message.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

// Returns all that `bytes`, the content of a model file or of a checkpoint, tells: size, digests,
// network, layers, data, kernels, final metrics. Name, job, version and times are the caller's.
// `name` names the file in messages. Returns INVALID_ARGUMENT if its weights are not those of its
// network, DATA_LOSS if it is damaged.
absl::StatusOr<v1::TrainedModel> DescribeModel(const std::string& bytes, const std::string& name);

}  // namespace convoy::api
