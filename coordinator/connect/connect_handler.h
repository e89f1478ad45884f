// The Connect protocol (https://connectrpc.com/docs/protocol) for every public service: unary calls
// and server streams, as JSON and as protobuf's bytes, at /SERVICE/METHOD.
#pragma once

#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/router.h"

namespace convoy::connect {

// Adds a route for each public service. `caller` must outlive the server; bodies may have
// `max_body_bytes`.
void AddRoutes(bridge::GrpcCaller& caller, uint64_t max_body_bytes, http::Router& router);

}  // namespace convoy::connect
