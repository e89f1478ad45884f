#include "common/data/files/file_tree.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/printable.h"

namespace convoy::data {

std::string FileTree::Name(size_t index) const {
  return Printable(absl::StrCat(root_, "/", paths_[index]));
}

namespace {

class SingleFileTree : public FileTree {
 public:
  explicit SingleFileTree(const std::string& path) {
    const size_t slash = path.rfind('/');
    root_ = slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
    paths_ = {path.substr(slash + 1)};  // npos + 1 is 0
  }

  absl::StatusOr<std::string> Read(size_t index, uint64_t max_bytes) const override {
    return ReadFile(root_ + "/" + paths_[index], max_bytes);
  }
};

}  // namespace

std::unique_ptr<FileTree> SingleFile(const std::string& path) {
  return std::make_unique<SingleFileTree>(path);
}

bool IsArchiveName(const std::string& path) {
  constexpr std::array kEndings = {".tar",     ".tar.gz", ".tgz",     ".tar.xz", ".txz",
                                   ".tar.bz2", ".tbz2",   ".tar.zst", ".zip",    ".npz"};
  const std::string lower = absl::AsciiStrToLower(path);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](const char* ending) { return absl::EndsWith(lower, ending); });
}

bool IsHiddenName(const std::string& name) {
  return absl::StartsWith(name, ".") || name == "__MACOSX";
}

}  // namespace convoy::data
