#include "common/rpc/secret_file.h"

#include <sys/stat.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace convoy::rpc {
namespace {

constexpr uint64_t kMaxBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(std::string_view field, const std::string& path) {
  if (path.empty()) return std::string();
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxBytes);
  if (!content.ok()) return Annotate(content.status(), field);
  const std::string stripped(absl::StripAsciiWhitespace(*content));
  if (!stripped.empty()) return stripped;
  return absl::InvalidArgumentError(absl::StrCat(std::string(field), ": ", path, " is empty"));
}

absl::StatusOr<std::string> ReadPrivateFile(std::string_view field, const std::string& path) {
  absl::StatusOr<std::string> content = ReadSecretFile(field, path);
  struct stat file = {};
  const bool is_read = content.ok() && !path.empty() && ::stat(path.c_str(), &file) == 0;
  if (is_read && (file.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    log::Note(absl::StrCat(std::string(field), ": other users of this machine can read ",
                           Printable(path), "; close it to them with chmod 600"));
  }
  return content;
}

}  // namespace convoy::rpc
