#include "coordinator/service/guard.h"

#include <string_view>

namespace convoy::coordinator {
namespace {

// In the same time wherever the two differ.
bool SameSecret(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = static_cast<unsigned char>(difference | (a[i] ^ other));
  }
  return difference == 0;
}

}  // namespace

absl::Status Guard::Admit(const grpc::ServerContextBase& context) const {
  if (token_.empty()) return absl::OkStatus();
  const auto& metadata = context.client_metadata();
  const auto header = metadata.find("authorization");
  const std::string expected = "Bearer " + token_;
  if (header != metadata.end() &&
      SameSecret({header->second.data(), header->second.size()}, expected)) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      header == metadata.end()
          ? "this coordinator wants a token for calls that change something; give --token-file"
          : "the token is not this coordinator's; see its --token-file");
}

}  // namespace convoy::coordinator
