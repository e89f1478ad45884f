// Our errors as gRPC's, and back. The codes are the same numbers.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/printable.h"

namespace convoy::rpc {

// Control characters and bytes that are no UTF-8 are written out; a message beyond 1,000 bytes is
// cut, as one of 8 KB would not arrive at all.
inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      Printable(std::string(status.message())));
}

// An error that comes without a message, as libraries make them, is called by its code.
inline absl::Status FromGrpc(const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (!status.error_message().empty()) return absl::Status(code, status.error_message());
  return absl::Status(
      code, absl::StrCat("the answer is ", absl::StatusCodeToString(code), ", without a reason"));
}

// The end of a handler: writes the value, or returns the error.
template <typename T>
grpc::Status Respond(absl::StatusOr<T> result, T* response) {
  if (!result.ok()) return ToGrpc(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace convoy::rpc
