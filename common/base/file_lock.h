// A lock on a file that processes agree on: one at a time works in a directory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace convoy {

// Held from Take to the destructor, or to the end of the process, however it ends. Movable.
class FileLock {
 public:
  // Creates the file if it is missing, closes it to other users, and locks it (flock); then its
  // content is `holder`. Returns nothing if somebody else holds the lock. An error says why it
  // cannot be had here: the file cannot be written, or the file system has no locks
  // (UNIMPLEMENTED).
  static absl::StatusOr<std::optional<FileLock>> Take(const std::string& path,
                                                      std::string_view holder = "");

  ~FileLock();
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

 private:
  explicit FileLock(int fd) : fd_(fd) {}

  int fd_;
};

// Whether somebody holds the lock of `path` now, also of another user's file, on this computer;
// false where there is no such file or nobody can tell.
bool IsLocked(const std::string& path);

}  // namespace convoy
