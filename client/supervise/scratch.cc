#include "client/supervise/scratch.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/sha256.h"

namespace convoy::client {
namespace {

constexpr char kSharedMemory[] = "/dev/shm";
// The name of a socket in it must stay below 108 bytes.
constexpr size_t kNameDigits = 12;

std::string TemporaryDirectory() {
  const char* named = std::getenv("TMPDIR");
  return named == nullptr || *named == '\0' ? "/tmp" : named;
}

std::string ScratchIn(const std::string& parent, const std::string& mark) {
  return absl::StrCat(parent, "/convoy-", Sha256Hex(mark).substr(0, kNameDigits));
}

bool HasRoom(const std::string& directory, int64_t bytes) {
  struct statvfs space = {};
  return ::statvfs(directory.c_str(), &space) == 0 &&
         static_cast<int64_t>(space.f_bavail * space.f_frsize) >= bytes;
}

// In a directory where everybody may write, somebody else may have been first.
bool IsOwn(const std::string& path) {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
         found.st_uid == ::geteuid() && (found.st_mode & 0077) == 0;
}

}  // namespace

std::string MakeScratch(const std::string& mark, int64_t bytes) {
  for (const std::string& parent : {std::string(kSharedMemory), TemporaryDirectory()}) {
    const std::string path = ScratchIn(parent, mark);
    if (!HasRoom(parent, bytes)) continue;
    if ((::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) && IsOwn(path)) return path;
  }
  return "";
}

void RemoveScratch(const std::string& mark) {
  for (const std::string& parent : {std::string(kSharedMemory), TemporaryDirectory()}) {
    const std::string path = ScratchIn(parent, mark);
    std::error_code left;  // it costs room, no more
    if (IsOwn(path)) std::filesystem::remove_all(path, left);
  }
}

}  // namespace convoy::client
