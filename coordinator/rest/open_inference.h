// The REST half of the Open Inference Protocol, version 2, as Triton's and KServe's HTTP clients
// call it, with Triton's model configuration, statistics and repository index.
#pragma once

#include <cstdint>

#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/router.h"

namespace convoy::rest {

// Adds /v2. `caller` must outlive the server; bodies may have `max_body_bytes`.
void AddOpenInference(bridge::GrpcCaller& caller, uint64_t max_body_bytes, http::Router& router);

}  // namespace convoy::rest
