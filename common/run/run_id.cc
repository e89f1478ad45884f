#include "common/run/run_id.h"

#include <cstdint>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "common/base/files.h"
#include "common/base/text_error.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

constexpr uint64_t kMaxIdBytes = 1024;

}  // namespace

std::string ReadRunId(const std::string& directory) {
  const std::string text = ReadFile(PathIn(directory, kRunIdFile), kMaxIdBytes).value_or("");
  return std::string(absl::StripAsciiWhitespace(text));
}

std::string KnownRunId(const std::string& directory) {
  const char* told = std::getenv(kRunIdVariable);
  return told != nullptr && *told != '\0' ? told : ReadRunId(directory);
}

absl::Status SetRunId(const std::string& directory, const std::string& id) {
  const std::string own = ReadRunId(directory);
  if (own == id) return absl::OkStatus();
  if (!own.empty()) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "$0 is of another run; remove it there, or name another directory", directory);
  }
  return WriteFileAtomically(PathIn(directory, kRunIdFile), id + "\n");
}

}  // namespace convoy::run
