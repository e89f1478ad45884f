// Whose a directory is, told before anything in it is touched: people name their home, a clone or a
// full disk by mistake, and what the store does not know in its own folder it would remove. A store
// is known by its database's application_id, read from the file's header, so that a foreign
// database is not even opened for writing.
#include "coordinator/store/store_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/resource_names.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "coordinator/store/sqlite.h"

namespace convoy::coordinator {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = 0002;
constexpr mode_t kOthers = 0007;

absl::Status NotOurs(const std::string& directory, const std::string& why) {
  return absl::FailedPreconditionError(
      absl::StrCat(Printable(directory), " ", why, "; name a directory that is empty or missing"));
}

std::string DatabasePath(const std::string& directory) {
  return absl::StrCat(directory, "/", kDatabaseFile);
}

// What a coordinator that was killed at its first start may have left behind, and what a file
// system has by itself.
bool MayStandInAnEmptyStore(const fs::directory_entry& entry) {
  std::error_code unknown;
  const std::string name = entry.path().filename().string();
  if (name == "lost+found") return true;
  if (entry.is_symlink(unknown)) return false;
  if (name == "lock") return entry.is_regular_file(unknown) && entry.file_size(unknown) == 0;
  return name == kModelsFolder && entry.is_directory(unknown) && fs::is_empty(entry, unknown);
}

absl::Status CheckEmpty(const std::string& directory) {
  constexpr size_t kShown = 3;
  std::vector<std::string> foreign;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!MayStandInAnEmptyStore(*entry))
      foreign.push_back(Quoted(entry->path().filename().string()));
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", directory);
  if (foreign.empty()) return absl::OkStatus();
  std::sort(foreign.begin(), foreign.end());
  const size_t more = foreign.size() - std::min(foreign.size(), kShown);
  foreign.resize(foreign.size() - more);
  return NotOurs(directory, absl::StrCat("is no store (it has no ", kDatabaseFile, ") and holds ",
                                         absl::StrJoin(foreign, ", "),
                                         more == 0 ? "" : absl::StrCat(" and ", more, " more")));
}

// Earlier versions did not mark their databases: these are known by their tables.
absl::Status CheckTables(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(Database database, Database::OpenUnchanged(DatabasePath(directory)));
  CONVOY_ASSIGN_OR_RETURN(
      const std::string tables,
      database.QueryText("SELECT group_concat(name) FROM (SELECT name FROM sqlite_master"
                         " WHERE type='table' ORDER BY name)"));
  // None where the first start was killed.
  if (tables.empty() || tables == "events,jobs,models,samples") return absl::OkStatus();
  return NotOurs(directory, absl::StrCat("has a ", kDatabaseFile, " of another program"));
}

// Returns the database's application_id; 0 for a file without content.
absl::StatusOr<int> ReadApplicationId(const std::string& path) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr size_t kOffset = 68;
  std::array<char, kOffset + 4> header{};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoStatus(errno, "cannot read", path);
  const ssize_t size = ::read(fd, header.data(), header.size());
  const int error = errno;
  ::close(fd);
  if (size < 0) return ErrnoStatus(error, "cannot read", path);
  if (size == 0) return 0;
  if (size < static_cast<ssize_t>(header.size()) ||
      std::string_view(header.data(), kMagic.size()) != kMagic) {
    return absl::DataLossError(
        absl::StrCat(Printable(path),
                     " is damaged, or of another program: it is no SQLite database; restore it "
                     "from a copy, or name an empty directory"));
  }
  uint32_t id = 0;
  for (size_t i = 0; i < 4; ++i) id = id << 8 | static_cast<unsigned char>(header[kOffset + i]);
  return static_cast<int>(id);
}

absl::Status CheckOurs(const std::string& directory) {
  if (!PathExists(DatabasePath(directory))) return CheckEmpty(directory);
  CONVOY_ASSIGN_OR_RETURN(const int id, ReadApplicationId(DatabasePath(directory)));
  if (id == kApplicationId) return absl::OkStatus();
  if (id == 0) return CheckTables(directory);
  return NotOurs(directory, absl::StrCat("has a ", kDatabaseFile, " of another program"));
}

// Jobs, hosts and models are for those whom the coordinator answers, not for all who have an
// account here. A directory of ours that is open to everybody is closed; one that is open to its
// group only was made so on purpose.
absl::Status CloseToOthers(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) return ErrnoStatus(errno, "cannot examine", directory);
  if (info.st_uid == ::geteuid() && (info.st_mode & kOthers) != 0) {
    // Whether it helped is seen below: not all file systems have modes.
    (void)::chmod(directory.c_str(), 0700);
    if (::stat(directory.c_str(), &info) != 0) {
      return ErrnoStatus(errno, "cannot examine", directory);
    }
  }
  if ((info.st_mode & kOthersWrite) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("everybody may write in ", Printable(directory),
                   "; take that right away (chmod o-w), or name a directory in it, which will be "
                   "closed to others"));
}

absl::Status MakeDirectory(const std::string& directory) {
  if (PathExists(directory)) return absl::OkStatus();
  const fs::path parent = fs::path(directory).lexically_normal().parent_path();
  if (!parent.empty()) CONVOY_RETURN_IF_ERROR(CreateDirectories(parent.string()));
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return ErrnoStatus(errno, "cannot create the directory", directory);
}

// SQLite gives its other files the mode of this one.
absl::Status MakeFiles(const std::string& directory) {
  const std::string models = absl::StrCat(directory, "/", kModelsFolder);
  CONVOY_RETURN_IF_ERROR(MakeDirectory(models));
  const std::string path = DatabasePath(directory);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "cannot write", path);
  ::close(fd);
  return absl::OkStatus();
}

absl::StatusOr<FileLock> TakeLock(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(std::optional<FileLock> lock, FileLock::Take(directory + "/lock"));
  if (lock) return *std::move(lock);
  return absl::FailedPreconditionError(absl::StrCat(
      "another coordinator is at work in ", Printable(directory), "; stop it, or name another"));
}

absl::StatusOr<FileLock> Take(const std::string& directory) {
  std::error_code unknown;
  if (PathExists(directory) && !fs::is_directory(directory, unknown)) {
    return NotOurs(directory, "is no directory");
  }
  if (PathExists(directory)) CONVOY_RETURN_IF_ERROR(CheckOurs(directory));
  CONVOY_RETURN_IF_ERROR(MakeDirectory(directory));
  CONVOY_RETURN_IF_ERROR(CloseToOthers(directory));
  CONVOY_ASSIGN_OR_RETURN(FileLock lock, TakeLock(directory));
  CONVOY_RETURN_IF_ERROR(MakeFiles(directory));
  return lock;
}

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
}

// Takes "SUFFIX" off the end of `name`; returns whether it was there.
bool TakeSuffix(std::string_view suffix, std::string_view* name) {
  if (name->size() < suffix.size() || name->substr(name->size() - suffix.size()) != suffix) {
    return false;
  }
  name->remove_suffix(suffix.size());
  return true;
}

}  // namespace

// JOB-SHA256.convoy, and while it is being written that with .PID.tmp behind it.
bool IsModelFileName(const std::string& file) {
  constexpr size_t kHashDigits = 64;
  std::string_view name = file;
  if (TakeSuffix(".tmp", &name)) {
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot + 1 == name.size()) return false;
    const std::string_view pid = name.substr(dot + 1);
    if (pid.find_first_not_of("0123456789") != std::string_view::npos) return false;
    name = name.substr(0, dot);
  }
  if (!TakeSuffix(".convoy", &name) || name.size() < kHashDigits + 2) return false;
  const size_t dash = name.size() - kHashDigits - 1;
  return name[dash] == '-' && IsLowerHex(name.substr(dash + 1)) &&
         api::IsValidId(std::string(name.substr(0, dash)));
}

absl::StatusOr<FileLock> TakeStoreDirectory(const std::string& directory) {
  absl::StatusOr<FileLock> lock = Take(directory);
  if (!lock.ok()) return Annotate(lock.status(), "store");
  return lock;
}

}  // namespace convoy::coordinator
