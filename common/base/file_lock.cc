#include "common/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "common/base/files.h"
#include "common/base/text_error.h"

namespace convoy {
namespace {

// Why flock() failed. Network file systems have no locks at all, or lose their server for them.
absl::Status LockError(int error_number, const std::string& path) {
  switch (error_number) {
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
      return TextError(absl::StatusCode::kUnimplemented,
                       "$0: cannot be locked, the file system has no locks (flock); choose a "
                       "directory on another one",
                       path);
    default:
      return ErrnoStatus(error_number, "cannot lock", path);
  }
}

// Whoever looks whether a file is locked holds it for a moment, which a busy machine makes long.
constexpr int kTries = 50;
constexpr useconds_t kPauseMicros = 10'000;

// Returns 0, or errno.
int Flock(int fd, int operation) {
  while (::flock(fd, operation | LOCK_NB) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

// Whether the kernel's list has a lock on the file: for those who may not open it.
bool IsListed(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  const std::string file =
      absl::StrFormat(" %02x:%02x:%d ", major(info.st_dev), minor(info.st_dev), info.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (absl::StrContains(line, " FLOCK ") && absl::StrContains(line, file)) return true;
  }
  return false;
}

// Only tells who it is: a full disk is no reason to go without a lock. A file that tells it already
// is left as it is: a run that is refused later has not changed anything.
void WriteHolder(int fd, std::string_view holder) {
  std::string there(holder.size() + 1, '\0');
  const ssize_t bytes = ::pread(fd, there.data(), there.size(), 0);
  if (bytes >= 0 && there.substr(0, static_cast<size_t>(bytes)) == holder) return;
  (void)!::ftruncate(fd, 0);
  (void)!::pwrite(fd, holder.data(), holder.size(), 0);
}

}  // namespace

absl::StatusOr<std::optional<FileLock>> FileLock::Take(const std::string& path,
                                                       std::string_view holder) {
  // For its user alone: who may open a file may lock it, and so keep its owner out.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "cannot write", path);
  FileLock lock(fd);         // closes it on an error
  (void)::fchmod(fd, 0600);  // of an earlier version; not all file systems have modes
  int error = Flock(fd, LOCK_EX);
  for (int i = 1; i < kTries && error == EWOULDBLOCK; ++i) {
    ::usleep(kPauseMicros);
    error = Flock(fd, LOCK_EX);
  }
  if (error == 0) {
    WriteHolder(fd, holder);
    return lock;
  }
  if (error == EWOULDBLOCK) return std::nullopt;
  return LockError(error, path);
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool IsLocked(const std::string& path) {
  // Nor does a pipe in its place keep us waiting.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno == EACCES && IsListed(path);
  const bool locked = Flock(fd, LOCK_SH) == EWOULDBLOCK;
  ::close(fd);
  return locked;
}

}  // namespace convoy
