// The handler of a deadly signal may only use what is safe there: write(2) of texts that were made
// before, open(2) of a path that was.
#include "worker/watch/last_words.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/log/log.h"
#include "common/run/run_files.h"

namespace convoy::watch {
namespace {

struct DeadlySignal {
  int number;
  const char* name;
};
constexpr std::array<DeadlySignal, 5> kDeadly = {{{SIGSEGV, "SIGSEGV"},
                                                  {SIGBUS, "SIGBUS"},
                                                  {SIGILL, "SIGILL"},
                                                  {SIGFPE, "SIGFPE"},
                                                  {SIGABRT, "SIGABRT"}}};

// Made once and never freed: a handler may read them at any time.
std::atomic<const std::string*> g_line_begin{nullptr};
std::atomic<const std::string*> g_path{nullptr};
// What a stack that has run over leaves no room for.
alignas(16) std::array<char, 65536> g_handler_stack;

void WriteText(int fd, const char* text) {
  static_cast<void>(!::write(fd, text, std::strlen(text)));
}

void WriteLine(int fd, const char* signal_name) {
  const std::string* begin = g_line_begin.load();
  if (begin != nullptr) WriteText(fd, begin->c_str());
  WriteText(fd, ": died of ");
  WriteText(fd, signal_name);
  WriteText(fd, "\n");
}

void OnDeadlySignal(int number) {
  const char* name = "a signal";
  for (const DeadlySignal& deadly : kDeadly) {
    if (deadly.number == number) name = deadly.name;
  }
  WriteLine(STDERR_FILENO, name);
  const std::string* path = g_path.load();
  const int fd =
      path == nullptr
          ? -1
          : ::open(path->c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd >= 0) WriteLine(fd, name);
  // The default action is back in force (SA_RESETHAND): the process dies as it would have.
  ::raise(number);
}

}  // namespace

void InstallLastWords(const std::string& who) {
  delete g_line_begin.exchange(new std::string(absl::StrCat("trainer: error: ", who)));
  stack_t stack{};
  stack.ss_sp = g_handler_stack.data();
  stack.ss_size = g_handler_stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = &OnDeadlySignal;
  action.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
  for (const DeadlySignal& deadly : kDeadly) ::sigaction(deadly.number, &action, nullptr);
}

void SetLastWordsFile(const std::string& path) {
  g_path.store(new std::string(path));  // the one before, if any, may be in use
}

void LeaveLastWords(const i18n::Message& error) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const std::string* path = g_path.load();
  if (path == nullptr) return;
  // There is nobody left to tell where it cannot be written.
  std::string lines = log::Record(log::Level::kError, error.english) + "\n";
  if (error.shown != error.english) {
    absl::StrAppend(&lines, run::kShownWords, Printable(error.shown), "\n");
  }
  AppendToFile(*path, lines).IgnoreError();
}

}  // namespace convoy::watch
