// Files of certificates, keys and tokens.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace convoy::rpc {

// Returns the content of the file at `path`, without white space around it; "" where `path` is
// empty. Returns what ReadFile does and INVALID_ARGUMENT for an empty file; messages begin with
// `field`.
absl::StatusOr<std::string> ReadSecretFile(std::string_view field, const std::string& path);

}  // namespace convoy::rpc
