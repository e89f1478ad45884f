#include "coordinator/http/origin.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "coordinator/http/message.h"

namespace convoy::http {
namespace {

bool IsAddress(const std::string& name) {
  unsigned char address[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, name.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), address) == 1;
}

// Whether nothing but a port stands behind the name.
bool EndsWithNameOrPort(std::string_view authority) {
  const size_t name = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  std::string_view rest = authority.substr(std::min(name, authority.size()));
  if (rest.empty()) return true;
  if (rest.front() != ':') return false;
  rest.remove_prefix(1);
  return rest.size() <= 5 && std::all_of(rest.begin(), rest.end(),
                                         [](unsigned char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

std::string_view HostName(std::string_view authority) {
  if (authority.starts_with('[')) {
    authority.remove_prefix(1);
    return authority.substr(0, authority.find(']'));
  }
  return authority.substr(0, authority.find(':'));
}

bool IsOwnHost(std::string_view host, const std::vector<std::string>& names) {
  const std::string_view name = HostName(host);
  if (!EndsWithNameOrPort(host)) return false;
  return EqualsIgnoreCase(name, "localhost") || IsAddress(std::string(name)) ||
         std::any_of(names.begin(), names.end(),
                     [&](const std::string& own) { return EqualsIgnoreCase(name, own); });
}

absl::Status CheckOrigin(std::string_view host, std::string_view origin,
                         std::string_view fetch_site) {
  const bool crosses = fetch_site == "cross-site" || fetch_site == "same-site";
  const std::string own = absl::StrCat("://", std::string(host));
  const bool same =
      EqualsIgnoreCase(origin, "http" + own) || EqualsIgnoreCase(origin, "https" + own);
  if (crosses || (!origin.empty() && !same)) {
    return absl::PermissionDeniedError("origin: pages of other web sites may not call this server");
  }
  return absl::OkStatus();
}

}  // namespace convoy::http
