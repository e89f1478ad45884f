// gRPC owns the connections, and does not tell when one ends. But a descriptor that was closed, or
// is another connection's by now, has no longer the inode that it had: that is looked at when there
// seems to be no place left. So the count is exact without a second descriptor for each connection.
#include "coordinator/server/accept_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace convoy::coordinator {
namespace {

constexpr int kStarvedPauseMs = 100;
constexpr std::chrono::milliseconds kSweepInterval{20};
constexpr int kAcceptsAtOnce = 64;  // before the end is looked for again

std::optional<ino_t> InodeOf(int fd) {
  struct stat state {};
  if (::fstat(fd, &state) != 0 || !S_ISSOCK(state.st_mode)) return std::nullopt;
  return state.st_ino;
}

// Returns the bytes of the peer's address without its port; "" for Unix sockets.
std::string AddressOf(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer).sin_addr;
    return {reinterpret_cast<const char*>(&address), sizeof address};
  }
  if (peer.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    return {reinterpret_cast<const char*>(&address), sizeof address};
  }
  return "";
}

// All errors but these are of one connection, which is gone then (accept(2)).
bool IsStarved(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int PerAddress(const rpc::ListeningSockets& listening, const ConnectionLimits& limits) {
  return listening.address.is_unix() ? limits.in_all : limits.per_address;
}

}  // namespace

AcceptLoop::AcceptLoop(rpc::ListeningSockets listening, const ConnectionLimits& limits,
                       std::function<void(int fd)> take)
    : listening_(std::move(listening)),
      take_(std::move(take)),
      end_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      counts_(limits.in_all, PerAddress(listening_, limits)),
      thread_([this] { Run(); }) {}

AcceptLoop::~AcceptLoop() {
  const uint64_t one = 1;
  while (::write(end_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
  if (listening_.address.is_unix()) ::unlink(listening_.address.path.c_str());
}

void AcceptLoop::Run() {
  for (;;) {
    std::vector<pollfd> awaited{{.fd = end_.get(), .events = POLLIN, .revents = 0}};
    for (const rpc::Descriptor& socket : listening_.sockets) {
      if (!starved_) awaited.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
    }
    ::poll(awaited.data(), awaited.size(), starved_ ? kStarvedPauseMs : -1);
    if (awaited.front().revents != 0) return;
    starved_ = false;
    for (size_t i = 1; i < awaited.size(); ++i) {
      if (awaited[i].revents != 0) AcceptAll(awaited[i].fd);
    }
  }
}

void AcceptLoop::AcceptAll(int listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size,
                             SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      Admit(rpc::Descriptor(fd), AddressOf(peer));
    } else if (IsStarved(errno)) {
      starved_ = true;
      return;
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void AcceptLoop::Admit(rpc::Descriptor socket, const std::string& address) {
  // The number was another connection's, which is closed by now.
  const auto old = open_.find(socket.get());
  if (old != open_.end()) {
    counts_.Leave(old->second.address);
    open_.erase(old);
  }
  if (!counts_.Enter(address) && !EnterAfterSweep(address)) return;
  // Answers are not held back to fill a packet, as gRPC sets it for the connections that it
  // accepts.
  const int one = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  open_[socket.get()] = {InodeOf(socket.get()).value_or(0), address};
  take_(socket.Release());
}

bool AcceptLoop::EnterAfterSweep(const std::string& address) {
  const auto now = std::chrono::steady_clock::now();
  if (now - swept_ < kSweepInterval) return false;
  swept_ = now;
  ForgetClosed();
  return counts_.Enter(address);
}

void AcceptLoop::ForgetClosed() {
  for (auto entry = open_.begin(); entry != open_.end();) {
    if (InodeOf(entry->first) == entry->second.inode) {
      ++entry;
      continue;
    }
    counts_.Leave(entry->second.address);
    entry = open_.erase(entry);
  }
}

}  // namespace convoy::coordinator
