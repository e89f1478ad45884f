// Errors as the Connect protocol writes them (https://connectrpc.com/docs/protocol).
#pragma once

#include <grpcpp/support/status.h>

#include <string>

namespace convoy::connect {

// Returns {"code":"not_found","message":...}.
std::string ErrorJson(grpc::StatusCode code, const std::string& message);

// Returns a stream's last message: {} or {"error":{"code":...,"message":...}}.
std::string EndOfStreamJson(const grpc::Status& status);

}  // namespace convoy::connect
