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

// ReadSecretFile of what nobody else may know, a key or a token. Notes where other users of this
// machine can read the file; that is no error, because some systems hand secrets out so.
absl::StatusOr<std::string> ReadPrivateFile(std::string_view field, const std::string& path);

}  // namespace convoy::rpc
