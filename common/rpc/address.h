// Where a service listens or is called.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace convoy::rpc {

// "HOST:PORT", "[IPV6]:PORT" or "unix:PATH".
struct Address {
  std::string host;  // without brackets; empty: a Unix socket
  int port = 0;
  std::string path;  // of the Unix socket

  bool is_unix() const { return host.empty(); }
};

// Returns INVALID_ARGUMENT for any other form, and for a port that is not from `least_port` to
// 65535. Servers may listen on port 0, any free one.
absl::StatusOr<Address> ParseAddress(const std::string& text, int least_port);

// Returns the form that ParseAddress reads, which is also gRPC's.
std::string ToString(const Address& address);

// Whether only this machine can reach it: 127.x.y.z, localhost, ::1 or a Unix socket.
bool IsLoopback(const Address& address);

}  // namespace convoy::rpc
