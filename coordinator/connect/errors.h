// gRPC's codes as the Connect protocol writes them (https://connectrpc.com/docs/protocol,
// "Errors").
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace convoy::connect {

// Returns the HTTP status of a failed unary call.
int HttpStatus(grpc::StatusCode code);

// Returns {"code":"not_found","message":...}.
std::string ErrorJson(grpc::StatusCode code, const std::string& message);

// Returns a stream's last message: {} or {"error":{"code":...,"message":...}}.
std::string EndOfStreamJson(const grpc::Status& status);

inline grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace convoy::connect
