#include "common/base/version.h"

#include "common/base/files.h"
#include "common/base/git_commit.h"
#include "common/base/sha256.h"

namespace convoy {

std::string Version() { return CONVOY_VERSION; }

std::string GitCommit() { return CONVOY_GIT_COMMIT; }

std::string BuildId() {
  constexpr uint64_t kMaxProgramBytes = uint64_t{4} << 30;
  const auto program = ReadFile("/proc/self/exe", kMaxProgramBytes);
  return program.ok() ? Sha256Hex(*program) : "unknown";
}

}  // namespace convoy
