#include "common/system/user.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace convoy {
namespace {

// Returns what `field` reads in the user's entry, "" where there is no entry.
std::string FromEntry(char* passwd::*field) {
  constexpr size_t kLongestEntry = 64 << 10;
  std::vector<char> text(kLongestEntry);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found);
  return found == nullptr || found->*field == nullptr ? "" : found->*field;
}

}  // namespace

std::string UserName() {
  const std::string name = FromEntry(&passwd::pw_name);
  return name.empty() ? std::to_string(::geteuid()) : name;
}

std::string HomeDirectory() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? home : FromEntry(&passwd::pw_dir);
}

}  // namespace convoy
