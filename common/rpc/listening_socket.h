// Sockets of our own for servers whose library would give up at the first failed accept.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/address.h"

namespace convoy::rpc {

// Owns a file descriptor. Movable.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  // Returns the descriptor, which is then the caller's.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct ListeningSockets {
  std::vector<Descriptor> sockets;  // non-blocking; several where a name has several addresses
  Address address;                  // with the port that was taken in fact
};

// Listens on `address`; nobody else can have the same port, and all sockets have one port. A Unix
// socket is for this user alone (mode 0600); one that a dead server left is replaced. Returns
// FAILED_PRECONDITION if that cannot be had: another server has it, or it is not this machine's.
absl::StatusOr<ListeningSockets> Listen(const Address& address);

}  // namespace convoy::rpc
