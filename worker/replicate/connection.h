// A TCP connection between two ranks, beside MPI: so that no step waits for what goes over it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace convoy::replicate {

// One thread reads and one writes at a time; Close may be called by any.
class Connection {
 public:
  // Takes the socket over.
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // From now on a Read or Write in which nothing happens for so long fails.
  void SetPatience(int seconds);

  // Write or read all of the bytes. Return UNAVAILABLE if the other end is gone, or does nothing.
  absl::Status Write(const void* data, int64_t num_bytes);
  absl::Status Read(void* data, int64_t num_bytes);

  // Ends what other threads read and write.
  void Close();

 private:
  const int socket_;
};

}  // namespace convoy::replicate
