// Lists a directory depth first. A link may lead to a folder that is listed already: twice the same
// pictures are the user's wish, but a folder within itself is not, so the folders on the way down
// are remembered by device and inode. What a file was when it was listed is remembered, too: data
// that somebody is still copying or changing are no data to train on.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/data/files/file_tree.h"

namespace convoy::data {
namespace {

using FolderId = std::pair<dev_t, ino_t>;

// Tells a file's content from what it is after somebody changed it.
struct Version {
  off_t size = 0;
  int64_t seconds = 0;  // of the last change
  int64_t nanoseconds = 0;

  friend bool operator==(const Version&, const Version&) = default;
};

Version VersionOf(const struct stat& info) {
  return {info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

absl::Status Refuse(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(Printable(path), ": ", why));
}

absl::Status SystemError(int error, const std::string& path) {
  return ErrnoStatus(error, "cannot read the folder", Printable(path));
}

class DirectoryTree : public FileTree {
 public:
  explicit DirectoryTree(std::string root) { root_ = std::move(root); }

  absl::Status List() {
    struct stat info {};
    if (::stat(root_.c_str(), &info) != 0) return SystemError(errno, root_);
    way_down_.emplace_back(info.st_dev, info.st_ino);
    CONVOY_RETURN_IF_ERROR(ListFolder(""));
    std::sort(listed_.begin(), listed_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [path, version] : std::exchange(listed_, {})) {
      paths_.push_back(std::move(path));
      versions_.push_back(version);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Read(size_t index, uint64_t max_bytes) const override {
    const std::string path = root_ + "/" + paths_[index];
    Failpoint("before_read", path);
    absl::StatusOr<std::string> content = ReadFile(path, max_bytes);
    Failpoint("after_read", path);
    if (!content.ok() && !absl::IsNotFound(content.status())) {
      return absl::Status(content.status().code(),
                          Printable(std::string(content.status().message())));
    }
    struct stat info {};
    const bool there = ::stat(path.c_str(), &info) == 0;
    if (content.ok() && there && VersionOf(info) == versions_[index]) return content;
    return absl::FailedPreconditionError(
        absl::StrCat(Name(index), ": ", there ? "was changed" : "was removed",
                     " while the data were read; begin again when nobody changes them"));
  }

 private:
  // Adds what is in the folder `below`, "" or a relative path with a '/' at its end.
  absl::Status ListFolder(const std::string& below) {
    const std::string folder = absl::StrCat(root_, "/", below);
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), &::closedir);
    if (open == nullptr) return SystemError(errno, folder);
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(open.get());
      if (entry == nullptr) return errno == 0 ? absl::OkStatus() : SystemError(errno, folder);
      const std::string name = entry->d_name;
      if (!IsHiddenName(name)) CONVOY_RETURN_IF_ERROR(AddEntry(below + name));
    }
  }

  absl::Status AddEntry(const std::string& path) {
    const std::string full = absl::StrCat(root_, "/", path);
    struct stat info {};
    if (::stat(full.c_str(), &info) != 0) {
      if (errno == ELOOP)
        return Refuse(full, "is a symbolic link that leads in a circle; remove it");
      return ErrnoStatus(errno, "cannot read", Printable(full));
    }
    // Folders count, too: links may make a few of them endlessly many.
    if (++entries_ > kMaxTreeFiles) {
      return Refuse(root_, absl::StrCat("holds more than ", kMaxTreeFiles,
                                        " files; name the folder of the data alone"));
    }
    if (S_ISDIR(info.st_mode)) return Enter(path, {info.st_dev, info.st_ino});
    if (!S_ISREG(info.st_mode)) {
      return Refuse(full, "is a pipe, a socket or a device, and no file; remove it");
    }
    listed_.emplace_back(path, VersionOf(info));
    return absl::OkStatus();
  }

  absl::Status Enter(const std::string& path, const FolderId& id) {
    const std::string full = absl::StrCat(root_, "/", path);
    if (std::find(way_down_.begin(), way_down_.end(), id) != way_down_.end()) {
      return Refuse(full, "is a symbolic link that leads in a circle; remove it");
    }
    if (way_down_.size() > kMaxTreeDepth) {
      return Refuse(full, absl::StrCat("lies more than ", kMaxTreeDepth, " folders deep"));
    }
    way_down_.push_back(id);
    const size_t entries = entries_;
    const absl::Status listed = ListFolder(path + "/");
    if (listed.ok() && entries_ == entries) empty_folders_.push_back(path);
    way_down_.pop_back();
    return listed;
  }

  std::vector<FolderId> way_down_;  // the root and the folders that are being listed
  size_t entries_ = 0;              // files and folders so far
  std::vector<std::pair<std::string, Version>> listed_;  // files so far
  std::vector<Version> versions_;                        // [paths]
};

}  // namespace

absl::StatusOr<std::unique_ptr<FileTree>> OpenDirectory(const std::string& path) {
  auto tree = std::make_unique<DirectoryTree>(path);
  CONVOY_RETURN_IF_ERROR(tree->List());
  return tree;
}

}  // namespace convoy::data
