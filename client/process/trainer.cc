#include "client/process/trainer.h"

#include <filesystem>
#include <system_error>

#include "common/base/files.h"

namespace convoy::client {

std::string TrainerProgram() {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::string beside = (self.parent_path() / "trainer").string();
  return !unknown && PathExists(beside) ? beside : "trainer";
}

}  // namespace convoy::client
