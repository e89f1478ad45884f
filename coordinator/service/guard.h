// Who may change something: those who know the token.
#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "absl/status/status.h"

namespace convoy::coordinator {

// Immutable, so thread-safe.
class Guard {
 public:
  // An empty token lets everybody in.
  explicit Guard(std::string token) : token_(std::move(token)) {}

  // Returns UNAUTHENTICATED unless the call's metadata has "authorization: Bearer TOKEN".
  absl::Status Admit(const grpc::ServerContextBase& context) const;

 private:
  const std::string token_;
};

}  // namespace convoy::coordinator
