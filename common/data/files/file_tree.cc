#include "common/data/files/file_tree.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/printable.h"

namespace convoy::data {

std::string FileTree::Name(size_t index) const {
  return Printable(absl::StrCat(root_, "/", paths_[index]));
}

bool IsArchiveName(const std::string& path) {
  constexpr std::array kEndings = {".tar",     ".tar.gz", ".tgz",     ".tar.xz", ".txz",
                                   ".tar.bz2", ".tbz2",   ".tar.zst", ".zip"};
  const std::string lower = absl::AsciiStrToLower(path);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](const char* ending) { return absl::EndsWith(lower, ending); });
}

bool IsHiddenName(const std::string& name) {
  return absl::StartsWith(name, ".") || name == "__MACOSX";
}

}  // namespace convoy::data
