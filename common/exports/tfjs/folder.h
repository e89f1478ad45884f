// Writing a folder of files so that it is there whole or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace convoy::exports {

struct FolderFile {
  std::string name;
  std::string content;
};

// Makes `path` a folder with exactly these files, atomically and durably: they are written into a
// new folder beside it, which then takes its name. A folder that is there already is replaced if
// `is_ours` says of all its entries' names that they may go. Returns ALREADY_EXISTS, naming the
// first other one, if not, or if `path` is no folder; errors of the file system otherwise. On every
// error `path` is as it was.
absl::Status WriteFolderAtomically(const std::string& path, const std::vector<FolderFile>& files,
                                   absl::FunctionRef<bool(std::string_view)> is_ours);

}  // namespace convoy::exports
