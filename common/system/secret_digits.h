// Random digits that a file keeps for its owner alone.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace convoy {

inline constexpr size_t kSecretDigits = 32;

// Returns kSecretDigits hexadecimal digits, drawn anew: a name or a key, not part of any result.
std::string DrawSecretDigits();

// Returns the digits in `path`; draws them and writes them there, durably, if the file is missing
// or holds something else. Closes the file to other users.
absl::StatusOr<std::string> ReadOrDrawSecretDigits(const std::string& path);

}  // namespace convoy
