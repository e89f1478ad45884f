#include "common/exports/tfjs/folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::exports {
namespace {

namespace fs = std::filesystem;

// A folder that is removed at the end, with all that is in it.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

absl::Status CheckReplaceable(const std::string& path,
                              absl::FunctionRef<bool(std::string_view)> is_ours) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, ": is there already and is no folder; give another path"));
  }
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_ours(name)) {
      return absl::AlreadyExistsError(absl::StrCat(
          path, ": the folder holds '", name, "', which is not of a model; give another path"));
    }
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", path);
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "cannot open", path);
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
  const int error = errno;
  ::close(fd);
  return synced ? absl::OkStatus() : ErrnoStatus(error, "cannot sync", path);
}

// File systems over a network know rename alone, which replaces nothing that holds files. So an
// earlier folder is moved out of the way first, and back if the new one cannot take its place. For
// an instant there is none; whoever is killed then finds it beside, as PATH.old.
absl::Status TakeNameInSteps(const std::string& temporary, const std::string& path, bool replaces) {
  const std::string old = path + ".old";
  if (replaces && ::rename(path.c_str(), old.c_str()) != 0) {
    return ErrnoStatus(errno, "cannot rename to", old);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    if (replaces) ::rename(old.c_str(), path.c_str());
    return ErrnoStatus(error, "cannot rename to", path);
  }
  // The name that the caller clears away.
  if (replaces && ::rename(old.c_str(), temporary.c_str()) != 0) {
    return ErrnoStatus(errno, "cannot rename", old);
  }
  return absl::OkStatus();
}

// Gives the new folder its name. One that is there already gets the temporary name, to be removed.
absl::Status TakeName(const std::string& temporary, const std::string& path, bool replaces) {
  const unsigned flags = replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) == 0) {
    return absl::OkStatus();
  }
  if (errno == EINVAL || errno == ENOSYS) return TakeNameInSteps(temporary, path, replaces);
  return ErrnoStatus(errno, "cannot rename to", path);
}

std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

absl::Status WriteFolderAtomically(const std::string& given_path,
                                   const std::vector<FolderFile>& files,
                                   absl::FunctionRef<bool(std::string_view)> is_ours) {
  const std::string path = WithoutSlashes(given_path);
  const bool replaces = PathExists(path);
  if (replaces) CONVOY_RETURN_IF_ERROR(CheckReplaceable(path, is_ours));
  const TemporaryFolder folder(absl::StrCat(path, ".", ::getpid(), ".tmp"));
  CONVOY_RETURN_IF_ERROR(CreateDirectories(folder.path()));
  for (const FolderFile& file : files) {
    CONVOY_RETURN_IF_ERROR(
        WriteFileAtomically(absl::StrCat(folder.path(), "/", file.name), file.content));
  }
  CONVOY_RETURN_IF_ERROR(TakeName(folder.path(), path, replaces));
  const fs::path parent = fs::path(path).parent_path();
  return SyncFolder(parent.empty() ? "." : parent.string());
}

}  // namespace convoy::exports
