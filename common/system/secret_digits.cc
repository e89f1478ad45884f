#include "common/system/secret_digits.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy {
namespace {

constexpr mode_t kPrivate = 0600;

// Made closed from the first byte on. One that a crash cut short is drawn anew.
absl::Status WritePrivately(const std::string& path, const std::string& text) {
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPrivate);
  if (fd < 0) return ErrnoStatus(errno, "cannot create", path);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = written && ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == 0 ? absl::OkStatus() : ErrnoStatus(error, "cannot write", path);
}

}  // namespace

std::string DrawSecretDigits() {
  std::random_device random;
  std::string digits;
  while (digits.size() < kSecretDigits) absl::StrAppendFormat(&digits, "%08x", random());
  return digits;
}

absl::StatusOr<std::string> ReadOrDrawSecretDigits(const std::string& path) {
  if (PathExists(path)) {
    CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1024));
    (void)::chmod(path.c_str(), kPrivate);  // an earlier version did not close it
    const std::string digits(absl::StripAsciiWhitespace(text));
    if (digits.size() == kSecretDigits) return digits;
  }
  const std::string digits = DrawSecretDigits();
  CONVOY_RETURN_IF_ERROR(WritePrivately(path, digits + "\n"));
  return digits;
}

}  // namespace convoy
