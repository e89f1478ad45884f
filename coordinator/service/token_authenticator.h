// Who may change something: those who bring the token.
#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "absl/status/status.h"

namespace convoy::coordinator {

// Immutable, so thread-safe.
class TokenAuthenticator {
 public:
  // An empty token lets everybody in.
  explicit TokenAuthenticator(const std::string& token)
      : expected_(token.empty() ? "" : "Bearer " + token) {}

  // Returns UNAUTHENTICATED unless the call's metadata has "authorization: Bearer TOKEN". Takes the
  // same time wherever a wrong token differs.
  absl::Status Authenticate(const grpc::ServerContextBase& context) const;

 private:
  const std::string expected_;
};

}  // namespace convoy::coordinator
