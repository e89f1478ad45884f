#include "client/commands/browser.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "client/process/child.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsOnPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const absl::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    if (folder.empty()) continue;
    if (::access(absl::StrCat(folder, "/", program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> FindOpener() {
  for (const char* opener : {"wslview", "xdg-open"}) {
    if (!IsOnPath(opener)) continue;
    const bool needs_display = std::string_view(opener) == "xdg-open";
    if (!needs_display || IsSet("DISPLAY") || IsSet("WAYLAND_DISPLAY") || IsSet("BROWSER")) {
      return opener;
    }
  }
  return absl::FailedPreconditionError(Tr(
      "there is no desktop with a browser here; leave it out, and open report.html where there is "
      "one"));
}

absl::Status OpenWith(const std::string& opener, const std::string& file) {
  // By way of a shell that ends at once: a browser outlives this program, and writes a lot.
  const Launch launch{.command = {"sh", "-c", R"("$0" "$1" >/dev/null 2>&1 &)", opener, file},
                      .environment = OwnEnvironment(),
                      .log = "",
                      .death_signal = 0};
  CONVOY_ASSIGN_OR_RETURN(const auto shell, Child::Start(launch, [](const std::string&) {}));
  while (!shell->Wait(std::chrono::milliseconds(100))) {
  }
  return absl::OkStatus();
}

}  // namespace convoy::client
