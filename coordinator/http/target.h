// The target of a request ("/v2/models/lesson?x=1"), made plain so that a path has one form only.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace convoy::http {

struct Target {
  std::string path;   // decoded: begins with '/', no empty, "." or ".." segment
  std::string query;  // as sent, without '?'
};

// Returns INVALID_ARGUMENT for what is not a path from the root, for broken percent-encoding, for
// empty, "." and ".." segments, encoded or not, and for encoded slashes, backslashes and control
// characters.
absl::StatusOr<Target> ParseTarget(std::string_view target);

}  // namespace convoy::http
