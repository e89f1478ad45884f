// Shows a file in the user's browser.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::client {

// Returns the program that opens files on this desktop: xdg-open, or what stands for it under
// Windows's Linux. Returns FAILED_PRECONDITION where there is no desktop, or no such program.
absl::StatusOr<std::string> FindOpener();

// Opens the file and does not wait for the browser. `opener` is what FindOpener returned.
absl::Status OpenWith(const std::string& opener, const std::string& file);

}  // namespace convoy::client
