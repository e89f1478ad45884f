#include "coordinator/service/token_authenticator.h"

#include <openssl/crypto.h>

namespace convoy::coordinator {

absl::Status TokenAuthenticator::Authenticate(const grpc::ServerContextBase& context) const {
  if (expected_.empty()) return absl::OkStatus();
  const auto& metadata = context.client_metadata();
  const auto header = metadata.find("authorization");
  if (header == metadata.end()) {
    return absl::UnauthenticatedError(
        "authorization: this coordinator wants a token for calls that change something; bring it "
        "as 'Bearer TOKEN'");
  }
  const grpc::string_ref given = header->second;
  if (given.size() == expected_.size() &&
      CRYPTO_memcmp(given.data(), expected_.data(), expected_.size()) == 0) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError("authorization: the token is not this coordinator's");
}

}  // namespace convoy::coordinator
