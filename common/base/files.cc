// Files by the system calls themselves, because durability is in their details: write to a
// temporary name, fsync, rename, fsync the directory; every short write and EINTR handled, every
// errno turned into a status with the path.
#include "common/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

absl::StatusCode CodeFor(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::StatusCode::kResourceExhausted;
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

// Closes its descriptor when it goes out of scope.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  int Close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, std::string_view content, const std::string& path) {
  if (FailpointDiskIsFull()) return ErrnoStatus(ENOSPC, "cannot write", path);
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "cannot write", path);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoStatus(errno, "cannot open", path);
  // Some network file systems refuse to sync a directory; their rename is durable without.
  constexpr std::array<int, 5> kNotSupported = {EINVAL, EROFS, ENOSYS, EOPNOTSUPP, EBADF};
  if (::fsync(fd.get()) != 0 &&
      std::find(kNotSupported.begin(), kNotSupported.end(), errno) == kNotSupported.end()) {
    return ErrnoStatus(errno, "cannot sync", path);
  }
  return absl::OkStatus();
}

// A file beside `path`, which errors name: nobody asked for the other one.
absl::Status WriteBeside(const std::string& temporary, const std::string& path,
                         std::string_view content, bool sync) {
  FileDescriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (fd.get() < 0) return ErrnoStatus(errno, "cannot create", path);
  CONVOY_RETURN_IF_ERROR(WriteAll(fd.get(), content, path));
  if (sync && ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "cannot sync", path);
  if (fd.Close() != 0) return ErrnoStatus(errno, "cannot close", path);
  return absl::OkStatus();
}

// What is renamed onto takes the place of anything but a folder: of a device, which a system cannot
// do without, or of the link /dev/stdout. So those are refused, and a link stays one: returns the
// path of the file that is to be replaced.
absl::StatusOr<std::string> PathToReplace(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return path;
  if (!S_ISREG(info.st_mode)) {
    return TextError(absl::StatusCode::kInvalidArgument, "$0: is not a regular file", path);
  }
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  // Opened first: in a folder of everybody the kernel does not follow the links of others.
  const FileDescriptor allowed(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (allowed.get() < 0) return ErrnoStatus(errno, "cannot open", path);
  std::error_code error;
  const std::string target = std::filesystem::canonical(path, error).string();
  if (error) return ErrnoStatus(error.value(), "cannot follow", path);
  return target;
}

// What GuardWrites was given.
std::function<void()>& Guard() {
  static std::function<void()> guard;
  return guard;
}

void AskGuard() {
  if (Guard()) Guard()();
}

std::string ParentOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

absl::Status ErrnoStatus(int error_number, std::string_view what, std::string_view path) {
  return MakeTextError(CodeFor(error_number),
                       {.context = "",
                        .text = absl::StrCat(View(what), " $0: ", std::strerror(error_number)),
                        .values = {std::string(path)}});
}

absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes) {
  // Without O_NONBLOCK a pipe in the file's place would keep us waiting for a writer.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return ErrnoStatus(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "cannot examine", path);
  if (!S_ISREG(info.st_mode)) {
    return TextError(absl::StatusCode::kInvalidArgument, "$0: is not a regular file", path);
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > max_bytes) {
    return TextError(absl::StatusCode::kOutOfRange,
                     "$0: has $1 bytes, more than the $2 allowed here", path, size, max_bytes);
  }
  std::string content(size, '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + done, content.size() - done);
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "cannot read", path);
    }
    if (got == 0) break;  // the file shrank meanwhile
    done += static_cast<size_t>(got);
  }
  content.resize(done);
  return content;
}

absl::Status WriteFileAtomically(const std::string& named, std::string_view content) {
  CONVOY_ASSIGN_OR_RETURN(const std::string path, PathToReplace(named));
  const std::string temporary = absl::StrCat(path, ".", ::getpid(), ".tmp");
  absl::Status status = WriteBeside(temporary, path, content, /*sync=*/true);
  Failpoint("before_rename", path);
  AskGuard();
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, "cannot rename to", path);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  Failpoint("after_rename", path);
  return SyncDirectory(ParentOf(path));
}

absl::Status ReplaceFile(const std::string& named, std::string_view content) {
  CONVOY_ASSIGN_OR_RETURN(const std::string path, PathToReplace(named));
  const std::string temporary = absl::StrCat(path, ".", ::getpid(), ".tmp");
  absl::Status status = WriteBeside(temporary, path, content, /*sync=*/false);
  AskGuard();
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, "cannot rename to", path);
  }
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

absl::Status AppendToFile(const std::string& path, std::string_view content) {
  AskGuard();
  // Without O_NONBLOCK a pipe in the file's place would keep us waiting for a reader.
  FileDescriptor fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644));
  if (fd.get() < 0) return ErrnoStatus(errno, "cannot open", path);
  CONVOY_RETURN_IF_ERROR(WriteAll(fd.get(), content, path));
  if (fd.Close() != 0) return ErrnoStatus(errno, "cannot close", path);
  return absl::OkStatus();
}

void GuardWrites(std::function<void()> guard) { Guard() = std::move(guard); }

absl::Status CreateDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot create the directory", path);
  return absl::OkStatus();
}

bool PathExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace convoy
