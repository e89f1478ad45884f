// Reads archives by libarchive, once from begin to end: a compressed tar has no index, so what will
// be asked for is kept. Memory grows with the bytes that were really unpacked, within a limit.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "absl/strings/str_split.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/files/file_tree.h"

namespace convoy::data {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;

using Reader = std::unique_ptr<struct archive, int (*)(struct archive*)>;

// Returns the path without "./" and "/" before it; "" if it is hidden, or leads upwards.
std::string CleanPath(const char* name) {
  if (name == nullptr) return "";
  std::vector<std::string> parts = absl::StrSplit(name, '/', absl::SkipEmpty());
  std::erase(parts, ".");
  std::string path;
  for (const std::string& part : parts) {
    if (part == ".." || IsHiddenName(part)) return "";
    absl::StrAppend(&path, path.empty() ? "" : "/", part);
  }
  return path;
}

// By name, as "all" filters include some that start programs of the system (lrzip, lzop, grzip).
void SupportFilters(struct archive* reader) {
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_zstd(reader);
}

class ArchiveTree : public FileTree {
 public:
  explicit ArchiveTree(std::string root) { root_ = std::move(root); }

  // Reads the file at the root, or `bytes` where they are given.
  absl::Status Unpack(const std::string* bytes) {
    const Reader reader(archive_read_new(), &archive_read_free);
    SupportFilters(reader.get());
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
    const int opened = bytes == nullptr
                           ? archive_read_open_filename(reader.get(), root_.c_str(), kBlockBytes)
                           : archive_read_open_memory(reader.get(), bytes->data(), bytes->size());
    if (opened != ARCHIVE_OK) {
      const int error = archive_errno(reader.get());
      if (error == ENOENT || error == EACCES) {
        return ErrnoStatus(error, "cannot read", Printable(root_));
      }
      return Broken(reader.get());
    }
    CONVOY_RETURN_IF_ERROR(UnpackEntries(reader.get()));
    Sort();
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Read(size_t index, uint64_t max_bytes) const override {
    const std::string& content = contents_[index];
    if (content.size() <= max_bytes) return content;
    return TextError(absl::StatusCode::kOutOfRange, "$0: has $1 bytes; at most $2 are read",
                     Name(index), content.size(), max_bytes);
  }

 private:
  absl::Status Broken(struct archive* reader) const {
    const char* reason = archive_error_string(reader);
    return TextError(absl::StatusCode::kDataLoss, "$0: is a broken archive ($1); fetch it again",
                     Printable(root_), Printable(reason == nullptr ? "unknown" : reason));
  }

  absl::Status UnpackEntries(struct archive* reader) {
    for (;;) {
      struct archive_entry* entry = nullptr;
      const int result = archive_read_next_header(reader, &entry);
      if (result == ARCHIVE_EOF) return absl::OkStatus();
      if (result < ARCHIVE_WARN) return Broken(reader);
      if (archive_entry_filetype(entry) != AE_IFREG) continue;
      std::string path = CleanPath(archive_entry_pathname(entry));
      if (path.empty()) continue;
      if (paths_.size() == kMaxTreeFiles) return TooLarge();
      paths_.push_back(std::move(path));
      CONVOY_RETURN_IF_ERROR(UnpackContent(reader, &contents_.emplace_back()));
    }
  }

  absl::Status UnpackContent(struct archive* reader, std::string* content) {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int result = archive_read_data_block(reader, &block, &size, &offset);
      if (result == ARCHIVE_EOF) return absl::OkStatus();
      if (result < ARCHIVE_WARN) return Broken(reader);
      if (unpacked_bytes_ + size > kMaxUnpackedBytes) return TooLarge();
      // No sparse files: what they leave out is no picture.
      if (offset != static_cast<la_int64_t>(content->size())) return Broken(reader);
      unpacked_bytes_ += size;
      content->append(static_cast<const char*>(block), size);
    }
  }

  absl::Status TooLarge() const {
    return TextError(absl::StatusCode::kResourceExhausted,
                     "$0: unpacks to more than $1 bytes or $2 files; unpack it and name the folder",
                     Printable(root_), kMaxUnpackedBytes, kMaxTreeFiles);
  }

  // Sorts the files; of a path that is there twice the later counts, as when unpacking to disk.
  void Sort() {
    std::vector<size_t> order(paths_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [this](size_t a, size_t b) { return paths_[a] < paths_[b]; });
    std::vector<std::string> paths;
    std::vector<std::string> contents;
    for (const size_t index : order) {
      if (!paths.empty() && paths.back() == paths_[index]) {
        contents.back() = std::move(contents_[index]);
        continue;
      }
      paths.push_back(std::move(paths_[index]));
      contents.push_back(std::move(contents_[index]));
    }
    paths_ = std::move(paths);
    contents_ = std::move(contents);
  }

  std::vector<std::string> contents_;  // [paths]
  uint64_t unpacked_bytes_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FileTree>> OpenArchive(const std::string& path) {
  auto tree = std::make_unique<ArchiveTree>(path);
  CONVOY_RETURN_IF_ERROR(tree->Unpack(nullptr));
  return tree;
}

absl::StatusOr<std::unique_ptr<FileTree>> OpenArchiveBytes(const std::string& bytes,
                                                           const std::string& name) {
  auto tree = std::make_unique<ArchiveTree>(name);
  CONVOY_RETURN_IF_ERROR(tree->Unpack(&bytes));
  return tree;
}

}  // namespace convoy::data
