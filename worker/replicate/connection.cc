#include "worker/replicate/connection.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace convoy::replicate {
namespace {

absl::Status Lost(const char* what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

}  // namespace

Connection::~Connection() { ::close(socket_); }

void Connection::SetPatience(int seconds) {
  const timeval time{.tv_sec = seconds, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

absl::Status Connection::Write(const void* data, int64_t num_bytes) {
  const char* next = static_cast<const char*>(data);
  while (num_bytes > 0) {
    const ssize_t count = ::send(socket_, next, static_cast<size_t>(num_bytes), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Lost("cannot send", errno);
    next += count;
    num_bytes -= count;
  }
  return absl::OkStatus();
}

absl::Status Connection::Read(void* data, int64_t num_bytes) {
  char* next = static_cast<char*>(data);
  while (num_bytes > 0) {
    const ssize_t count = ::recv(socket_, next, static_cast<size_t>(num_bytes), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Lost("cannot receive", errno);
    if (count == 0) return absl::UnavailableError("the other end is gone");
    next += count;
    num_bytes -= count;
  }
  return absl::OkStatus();
}

void Connection::Close() { ::shutdown(socket_, SHUT_RDWR); }

}  // namespace convoy::replicate
