#include "common/base/failpoint.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"

namespace convoy {
namespace {

struct Setting {
  std::string name;  // "" when none is set
  int hit = 1;
  std::string text;
  int signal = SIGKILL;
  std::string held_by;  // a file; "" to raise the signal instead
};

Setting FromEnvironment() {
  Setting setting;
  const char* value = std::getenv("CONVOY_FAILPOINT");
  if (value == nullptr) return setting;
  const std::vector<std::string> parts = absl::StrSplit(value, absl::MaxSplits(':', 2));
  setting.name = parts[0];
  // What is not a number is a slip of the test's author.
  if (parts.size() > 1) CONVOY_CHECK(absl::SimpleAtoi(parts[1], &setting.hit));
  if (parts.size() > 2) setting.text = parts[2];
  const char* signal = std::getenv("CONVOY_FAILPOINT_SIGNAL");
  if (signal != nullptr) CONVOY_CHECK(absl::SimpleAtoi(signal, &setting.signal));
  const char* held_by = std::getenv("CONVOY_FAILPOINT_HOLD");
  if (held_by != nullptr) setting.held_by = held_by;
  return setting;
}

void WaitWhileExists(const std::string& file) {
  constexpr std::chrono::milliseconds kPoll(2);
  while (::access(file.c_str(), F_OK) == 0) std::this_thread::sleep_for(kPoll);
}

// The file is renamed to a name of this process's own, which works for one process alone.
void StopIfAsked(const std::string& file, std::string_view name, std::string_view about) {
  std::ifstream asked(file);
  std::string wanted;
  if (!std::getline(asked, wanted)) return;
  const std::vector<std::string> parts = absl::StrSplit(wanted, absl::MaxSplits(':', 1));
  if (parts[0] != name) return;
  if (parts.size() > 1 && about.find(parts[1]) == std::string_view::npos) return;
  const std::string taken = absl::StrCat(file, ".", ::getpid());
  // To this thread: a signal to the process may stop another one first, and this one goes on for a
  // while.
  if (std::rename(file.c_str(), taken.c_str()) == 0) std::raise(SIGSTOP);
}

}  // namespace

void Failpoint(std::string_view name, std::string_view about) {
  static const char* const stop = std::getenv("CONVOY_FAILPOINT_STOP");
  if (stop != nullptr) StopIfAsked(stop, name, about);
  static const Setting setting = FromEnvironment();
  static std::atomic<int> hits{0};
  if (setting.name != name || about.find(setting.text) == std::string_view::npos) return;
  if (hits.fetch_add(1) + 1 != setting.hit) return;
  if (!setting.held_by.empty()) return WaitWhileExists(setting.held_by);
  ::kill(::getpid(), setting.signal);
}

bool FailpointDiskIsFull() {
  static const char* const file = std::getenv("CONVOY_FAILPOINT_FULL_DISK");
  return file != nullptr && ::access(file, F_OK) == 0;
}

}  // namespace convoy
