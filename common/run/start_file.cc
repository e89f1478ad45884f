// A file with a random name in it: whoever finds another name there than his own is over. The
// holder of the trainer's lock has left his in the lock's file, so that only a supervised trainer
// ever loses it.
#include "common/run/start_file.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

constexpr uint64_t kMaxNameBytes = 64;

// "" where it cannot be read.
std::string NameIn(const std::string& directory, const char* file) {
  return ReadFile(PathIn(directory, file), kMaxNameBytes).value_or("");
}

}  // namespace

std::string NewStartName() {
  std::random_device random;  // a name, not part of any result
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8), absl::Hex(random(), absl::kZeroPad8));
}

absl::Status BeginStart(const std::string& directory, const std::string& name) {
  return ReplaceFile(PathIn(directory, kStartFile), name);
}

std::string OwnStartName() {
  const char* name = std::getenv(kStartVariable);
  return name == nullptr ? "" : name;
}

bool IsOverIn(const std::string& directory) {
  const std::string own = OwnStartName();
  if (own.empty()) return false;
  const std::string newest = NameIn(directory, kStartFile);
  return !newest.empty() && newest != own;
}

bool NewestStartHoldsLock(const std::string& directory) {
  const std::string newest = NameIn(directory, kStartFile);
  return !newest.empty() && newest == NameIn(directory, kLockFile) && TrainerWorksIn(directory);
}

void ForgetOtherStarts(const std::string& directory) {
  if (IsOverIn(directory)) ::unlink(PathIn(directory, kStartFile).c_str());
}

void TakeLockAway(const std::string& directory) {
  ::unlink(PathIn(directory, kLockFile).c_str());  // the next trainer makes another file
}

}  // namespace convoy::run
