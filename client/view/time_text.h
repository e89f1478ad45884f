// Moments as text, in UTC.
#pragma once

#include <cstdint>
#include <string>

namespace convoy::client {

// Returns RFC 3339, such as "2026-11-23T03:00:00.25Z", of the moment `seconds` and `nanos` after
// 1970; "" if that is not in the years 1 to 9999 or nanos not in [0, 1e9).
std::string Rfc3339(int64_t seconds, int32_t nanos);

// For people: "2026-11-23 03:00:00 UTC", "-" where Rfc3339 is empty.
std::string TimeText(int64_t seconds);

}  // namespace convoy::client
