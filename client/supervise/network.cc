// The system is asked which of its own addresses it would use to reach a host: a UDP socket that is
// connected sends nothing, but has such an address. That address's network is the one.
#include "client/supervise/network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/printable.h"
#include "common/base/text_error.h"

namespace convoy::client {
namespace {

// Of this machine; in the host's byte order.
struct OwnAddress {
  uint32_t address = 0;
  uint32_t mask = 0;
};

uint32_t NumberOf(const sockaddr* address) {
  sockaddr_in internet{};
  std::memcpy(&internet, address, sizeof(internet));
  return ntohl(internet.sin_addr.s_addr);
}

// Of "192.168.1.7"; nothing for what is no IPv4 address.
std::optional<uint32_t> NumberOf(const std::string& text) {
  in_addr address{};
  if (::inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::vector<OwnAddress> OwnAddresses() {
  std::vector<OwnAddress> own;
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) != 0) return own;
  for (const ifaddrs* entry = interfaces; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    own.push_back({NumberOf(entry->ifa_addr), NumberOf(entry->ifa_netmask)});
  }
  ::freeifaddrs(interfaces);
  return own;
}

std::optional<uint32_t> AddressOf(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string name = host.substr(host.find('@') + 1);  // all of it without an @
  if (::getaddrinfo(name.c_str(), nullptr, &wanted, &found) != 0) return std::nullopt;
  const uint32_t address = NumberOf(found->ai_addr);
  ::freeaddrinfo(found);
  return address;
}

bool IsLoopback(uint32_t address) { return address >> 24 == 127; }

// The address that packets to `address` would come from.
std::optional<uint32_t> SourceFor(uint32_t address) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(9);
  there.sin_addr.s_addr = htonl(address);
  sockaddr_in here{};
  socklen_t length = sizeof(here);
  const bool known = ::connect(fd, reinterpret_cast<sockaddr*>(&there), sizeof(there)) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &length) == 0;
  ::close(fd);
  if (!known) return std::nullopt;
  return ntohl(here.sin_addr.s_addr);
}

std::string TextOf(uint32_t address, uint32_t mask) {
  const uint32_t network = address & mask;
  return absl::StrCat(network >> 24, ".", network >> 16 & 255, ".", network >> 8 & 255, ".",
                      network & 255, "/", std::popcount(mask));
}

}  // namespace

bool IsHere(const std::string& host) {
  const std::optional<uint32_t> address = AddressOf(host);
  if (!address) return false;
  if (IsLoopback(*address)) return true;
  for (const OwnAddress& own : OwnAddresses()) {
    if (own.address == *address) return true;
  }
  return false;
}

absl::StatusOr<std::string> NetworksTo(const std::vector<std::string>& hosts) {
  const std::vector<OwnAddress> owns = OwnAddresses();
  std::set<std::string> networks;
  for (const std::string& host : hosts) {
    const std::optional<uint32_t> address = AddressOf(host);
    if (!address || IsHere(host)) continue;
    const std::optional<uint32_t> source = SourceFor(*address);
    bool direct = false;
    for (const OwnAddress& own : owns) {
      if (!source || own.address != *source || ((*address ^ own.address) & own.mask) != 0) continue;
      networks.insert(TextOf(own.address, own.mask));
      direct = true;
    }
    if (!direct) {
      return TextError(absl::StatusCode::kFailedPrecondition,
                       "$0 is in no network of this machine; `network` says which networks to use, "
                       "such as 10.1.0.0/16,10.2.0.0/16",
                       host);
    }
  }
  return absl::StrJoin(networks, ",");
}

absl::StatusOr<bool> InNetworks(const std::string& networks, const std::string& addresses) {
  bool inside = false;
  for (const absl::string_view network : absl::StrSplit(networks, ',')) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(network, absl::MaxSplits('/', 1));
    const std::optional<uint32_t> base = NumberOf(parts.first);
    int bits = 0;
    if (!base || !absl::SimpleAtoi(parts.second, &bits) || bits < 0 || bits > 32) {
      return TextError(absl::StatusCode::kInvalidArgument,
                       "network: $0 is no network, such as 192.168.1.0/24",
                       Quoted(std::string(network)));
    }
    const uint32_t mask = bits == 0 ? 0 : ~uint32_t{0} << (32 - bits);
    for (const absl::string_view text : absl::StrSplit(addresses, ' ', absl::SkipEmpty())) {
      const std::optional<uint32_t> address = NumberOf(std::string(text));
      inside = inside || (address && ((*address ^ *base) & mask) == 0);
    }
  }
  return inside;
}

}  // namespace convoy::client
