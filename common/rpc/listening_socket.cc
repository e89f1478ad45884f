// By the system's calls alone. What failed is told by one status at the end, as all of it means the
// same to whoever started the server: this address cannot be had.
#include "common/rpc/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/printable.h"

namespace convoy::rpc {
namespace {

constexpr mode_t kOnlyThisUser = 0600;

absl::Status CannotListen(const Address& address, const std::string& reason) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", Printable(ToString(address)), ": ", reason));
}

absl::Status CannotListen(const Address& address, int error_number) {
  if (error_number == EADDRINUSE) {
    return CannotListen(address, "another program, such as a second coordinator, has it");
  }
  return CannotListen(address, std::strerror(error_number));
}

Descriptor NewSocket(int family) {
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool SetOption(const Descriptor& socket, int level, int option, int value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

int PortOf(const Descriptor& socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  if (name.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&name)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port);
}

// Returns a socket without a descriptor, and errno, if it cannot be had.
Descriptor ListenOn(const addrinfo& found) {
  Descriptor socket = NewSocket(found.ai_family);
  // Ports of connections that just ended may be taken again; "::" means IPv4, too.
  const bool ready =
      socket.get() >= 0 && SetOption(socket, SOL_SOCKET, SO_REUSEADDR, 1) &&
      (found.ai_family != AF_INET6 || SetOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
      ::bind(socket.get(), found.ai_addr, found.ai_addrlen) == 0 &&
      ::listen(socket.get(), SOMAXCONN) == 0;
  return ready ? std::move(socket) : Descriptor();
}

using Resolved = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

absl::StatusOr<Resolved> Resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (error != 0) return CannotListen(address, ::gai_strerror(error));
  return Resolved(found, &::freeaddrinfo);
}

// The first address that can be had decides the port, where any free one is wanted.
absl::StatusOr<ListeningSockets> ListenOnPort(const Address& address) {
  ListeningSockets listening{.sockets = {}, .address = address};
  absl::StatusOr<Resolved> resolved = Resolve(address);
  if (!resolved.ok()) return resolved.status();
  int last_error = 0;
  for (const addrinfo* found = resolved->get(); found != nullptr; found = found->ai_next) {
    auto* port = found->ai_family == AF_INET6
                     ? &reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_port
                     : &reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_port;
    *port = htons(static_cast<uint16_t>(listening.address.port));
    Descriptor socket = ListenOn(*found);
    last_error = errno;
    if (socket.get() >= 0) {
      listening.address.port = PortOf(socket);
      listening.sockets.push_back(std::move(socket));
    } else if (last_error == EADDRINUSE) {
      return CannotListen(address, EADDRINUSE);
    }
  }
  if (listening.sockets.empty()) return CannotListen(address, last_error);
  return listening;
}

// Whether a server answers there; a socket that a dead one left refuses.
bool Answers(const sockaddr_un& name) {
  const Descriptor probe = NewSocket(AF_UNIX);
  const auto* generic = reinterpret_cast<const sockaddr*>(&name);
  return ::connect(probe.get(), generic, sizeof name) == 0 || errno == EAGAIN;
}

absl::StatusOr<ListeningSockets> ListenOnPath(const Address& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof name.sun_path) {
    return CannotListen(address, absl::StrCat("the path of a Unix socket has at most ",
                                              sizeof name.sun_path - 1, " bytes"));
  }
  address.path.copy(name.sun_path, address.path.size());
  struct stat state {};
  if (::lstat(name.sun_path, &state) == 0) {
    if (!S_ISSOCK(state.st_mode)) return CannotListen(address, "a file of that name is there");
    if (Answers(name)) return CannotListen(address, EADDRINUSE);
    ::unlink(name.sun_path);
  }
  Descriptor socket = NewSocket(AF_UNIX);
  // Until it listens nobody can connect, whatever its mode.
  if (socket.get() < 0 ||
      ::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
      ::chmod(name.sun_path, kOnlyThisUser) != 0 || ::listen(socket.get(), SOMAXCONN) != 0) {
    return CannotListen(address, errno);
  }
  ListeningSockets listening{.sockets = {}, .address = address};
  listening.sockets.push_back(std::move(socket));
  return listening;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<ListeningSockets> Listen(const Address& address) {
  return address.is_unix() ? ListenOnPath(address) : ListenOnPort(address);
}

}  // namespace convoy::rpc
