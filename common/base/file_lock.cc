#include "common/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"

namespace convoy {
namespace {

// Why flock() failed. Network file systems have no locks at all, or lose their server for them.
absl::Status LockError(int error_number, const std::string& path) {
  switch (error_number) {
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
      return absl::UnimplementedError(
          absl::StrCat(path,
                       ": cannot be locked, the file system has no locks (flock); choose a "
                       "directory on another one"));
    default:
      return ErrnoStatus(error_number, "cannot lock", path);
  }
}

}  // namespace

absl::StatusOr<std::optional<FileLock>> FileLock::Take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, "cannot write", path);
  FileLock lock(fd);  // closes it on an error
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  return LockError(errno, path);
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool IsLocked(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool locked = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return locked;
}

}  // namespace convoy
