// How the Connect protocol frames the messages of a stream: a byte of flags, four of length (big
// endian), the message.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace convoy::connect {

constexpr uint8_t kCompressedFlag = 1;
constexpr uint8_t kEndOfStreamFlag = 2;

std::string Wrap(uint8_t flags, const std::string& message);

// Returns the message of a body that holds exactly one envelope, INVALID_ARGUMENT for any other,
// UNIMPLEMENTED for a compressed one.
absl::StatusOr<std::string> UnwrapOnly(const std::string& body);

}  // namespace convoy::connect
