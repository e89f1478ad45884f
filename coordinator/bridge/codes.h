// gRPC's status codes as those who come by HTTP see them, the way the Connect protocol maps them
// (https://connectrpc.com/docs/protocol, "Error codes").
#pragma once

#include <grpcpp/support/status.h>

#include <string>

namespace convoy::bridge {

// Returns "not_found" and so on.
std::string CodeName(grpc::StatusCode code);

int HttpStatus(grpc::StatusCode code);

}  // namespace convoy::bridge
