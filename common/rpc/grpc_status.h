// Our errors as gRPC's, and back. The codes are the same numbers.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/printable.h"

namespace convoy::rpc {

// Control characters and bytes that are no UTF-8 are written out; a message beyond 1,000 bytes is
// cut, as one of 8 KB would not arrive at all.
inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      Printable(std::string(status.message())));
}

inline absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// The end of a handler: writes the value, or returns the error.
template <typename T>
grpc::Status Respond(absl::StatusOr<T> result, T* response) {
  if (!result.ok()) return ToGrpc(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace convoy::rpc
