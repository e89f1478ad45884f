#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace convoy {
namespace {

void (*g_abort_hook)() = nullptr;

std::string& Context() {
  static std::string context;
  return context;
}

}  // namespace

void SetAbortHook(void (*hook)()) { g_abort_hook = hook; }

void SetCheckContext(const std::string& context) { Context() = context; }

namespace internal {

void CheckFailed(const char* file, int line, const std::string& what) {
  const std::string& context = Context();
  std::fprintf(stderr, "%s%sbug: check failed at %s:%d: %s\n", context.c_str(),
               context.empty() ? "" : ": ", file, line, what.c_str());
  std::fflush(stderr);
  if (g_abort_hook != nullptr) g_abort_hook();
  std::abort();
}

}  // namespace internal
}  // namespace convoy
