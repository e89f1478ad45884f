#include "common/rpc/address.h"
#include "common/base/text_error.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace convoy::rpc {
namespace {

constexpr char kUnix[] = "unix:";
constexpr int kLargestPort = 65535;

absl::Status WrongForm(const std::string& text) {
  return TextError(absl::StatusCode::kInvalidArgument,
                   "'$0' is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051, nor unix:PATH",
                   text);
}

}  // namespace

absl::StatusOr<Address> ParseAddress(const std::string& text, int least_port) {
  Address address;
  if (absl::StartsWith(text, kUnix)) {
    address.path = text.substr(sizeof(kUnix) - 1);
    if (address.path.empty()) return WrongForm(text);
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return WrongForm(text);
  address.host = text.substr(0, colon);
  const bool brackets = address.host.front() == '[' && address.host.back() == ']';
  if (brackets) address.host = address.host.substr(1, address.host.size() - 2);
  // An address with colons of its own is ambiguous without brackets.
  if (address.host.empty() || (!brackets && absl::StrContains(address.host, ':'))) {
    return WrongForm(text);
  }
  const std::string port = text.substr(colon + 1);
  if (!absl::SimpleAtoi(port, &address.port)) return WrongForm(text);
  if (address.port < least_port || address.port > kLargestPort) {
    return TextError(absl::StatusCode::kInvalidArgument, "'$0': the port must be from $1 to $2",
                     text, least_port, kLargestPort);
  }
  return address;
}

std::string ToString(const Address& address) {
  if (address.is_unix()) return absl::StrCat(kUnix, address.path);
  const bool brackets = absl::StrContains(address.host, ':');
  return absl::StrCat(brackets ? "[" : "", address.host, brackets ? "]:" : ":", address.port);
}

bool IsLoopback(const Address& address) {
  // A name that begins like an address, such as 127.example.org, may lead anywhere.
  in_addr v4{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return address.is_unix() || address.host == "localhost" || address.host == "::1";
}

}  // namespace convoy::rpc
