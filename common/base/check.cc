#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace convoy {
namespace {

void (*g_abort_hook)(const std::string&) = nullptr;

std::string& Context() {
  static std::string context;
  return context;
}

// Says why the process ends, and has the hook end it if there is one.
void Tell(const std::string& what) {
  const std::string& context = Context();
  const std::string message = context + (context.empty() ? "" : ": ") + what;
  std::fprintf(stderr, "%s\n", message.c_str());
  std::fflush(stderr);
  if (g_abort_hook != nullptr) g_abort_hook(message);
}

}  // namespace

void SetAbortHook(void (*hook)(const std::string& message)) { g_abort_hook = hook; }

void SetCheckContext(const std::string& context) { Context() = context; }

void OutOfMemory(size_t bytes) {
  Tell("error: out of memory, " + std::to_string(bytes >> 20) +
       " MB more cannot be had; take fewer threads, smaller batches or a smaller network");
  std::_Exit(1);
}

namespace internal {

void CheckFailed(const char* file, int line, const std::string& what) {
  Tell(std::string("bug: check failed at ") + file + ":" + std::to_string(line) + ": " + what);
  std::abort();
}

}  // namespace internal
}  // namespace convoy
