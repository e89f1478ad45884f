// Predictions as TensorFlow Serving's REST clients ask for them:
// https://www.tensorflow.org/tfx/serving/api_rest
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/router.h"
#include "coordinator/rest/bounded_json.h"
#include "inference/grpc_service.pb.h"

namespace convoy::rest {

// Adds /v1/models/NAME[/versions/V] and its :predict. `caller` must outlive the server; bodies may
// have `max_body_bytes`.
void AddTensorflowServing(bridge::GrpcCaller& caller, uint64_t max_body_bytes,
                          http::Router& router);

// Returns the request of {"instances": [...]}, images of numbers from 0 to 1, or of {"inputs":
// ...}. Returns INVALID_ARGUMENT for another form and for lists of unequal lengths.
absl::StatusOr<inference::ModelInferRequest> ReadPredict(Json json);

}  // namespace convoy::rest
