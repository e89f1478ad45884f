#include "common/rpc/secret_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

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

}  // namespace convoy::rpc
