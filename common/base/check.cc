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

}  // namespace

void SetAbortHook(void (*hook)(const std::string& message)) { g_abort_hook = hook; }

void SetCheckContext(const std::string& context) { Context() = context; }

namespace internal {

void CheckFailed(const char* file, int line, const std::string& what) {
  const std::string& context = Context();
  const std::string message = context + (context.empty() ? "" : ": ") + "bug: check failed at " +
                              file + ":" + std::to_string(line) + ": " + what;
  std::fprintf(stderr, "%s\n", message.c_str());
  std::fflush(stderr);
  if (g_abort_hook != nullptr) g_abort_hook(message);
  std::abort();
}

}  // namespace internal
}  // namespace convoy
