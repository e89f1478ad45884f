// The files of a data set: a directory with all that is below it, or an archive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::data {

// What a tree may hold, folders counted as files: more is taken for a mistake, such as naming the
// home directory.
inline constexpr size_t kMaxTreeFiles = 2'000'000;
inline constexpr int kMaxTreeDepth = 32;
inline constexpr uint64_t kMaxUnpackedBytes = uint64_t{8} << 30;

// Immutable once it is open; thread-safe.
class FileTree {
 public:
  virtual ~FileTree() = default;

  // What was opened: a path of the system.
  const std::string& root() const { return root_; }

  // The files below the root, '/' between folders, in the order of their bytes. Hidden ones
  // (a name that begins with a dot, __MACOSX) are left out.
  const std::vector<std::string>& paths() const { return paths_; }

  // The folders of a directory with nothing in them; an archive's are not known.
  const std::vector<std::string>& empty_folders() const { return empty_folders_; }

  // Returns a file's content. Errors name the file: OUT_OF_RANGE if it is larger than `max_bytes`,
  // FAILED_PRECONDITION if it was changed or removed since the tree was opened, or what the system
  // says. REQUIRES: index < paths().size().
  virtual absl::StatusOr<std::string> Read(size_t index, uint64_t max_bytes) const = 0;

  // Returns the file's name for people, made printable.
  std::string Name(size_t index) const;

 protected:
  std::string root_;
  std::vector<std::string> paths_;
  std::vector<std::string> empty_folders_;
};

// Opens a directory; symbolic links are followed. Returns NOT_FOUND or PERMISSION_DENIED as the
// system says, also for a folder within; INVALID_ARGUMENT for a link that leads in a circle, what
// is neither file nor folder, or a tree beyond the limits above.
absl::StatusOr<std::unique_ptr<FileTree>> OpenDirectory(const std::string& path);

// Opens a tar archive, plain or compressed by gzip, xz, bzip2 or zstd, or a zip, and keeps the
// content of its files in memory. Returns what the system says if it cannot be read; DATA_LOSS if
// it is broken or cut short; RESOURCE_EXHAUSTED beyond the limits above.
absl::StatusOr<std::unique_ptr<FileTree>> OpenArchive(const std::string& path);

// The same of an archive in memory, which messages call `name`.
absl::StatusOr<std::unique_ptr<FileTree>> OpenArchiveBytes(const std::string& bytes,
                                                           const std::string& name);

// Makes a tree of the one file at `path`, which is read when it is asked for.
std::unique_ptr<FileTree> SingleFile(const std::string& path);

// True if the name ends as those of archives that OpenArchive reads.
bool IsArchiveName(const std::string& path);

// True if the name, that of a file or folder, is one that a tree leaves out.
bool IsHiddenName(const std::string& name);

}  // namespace convoy::data
