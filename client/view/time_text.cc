#include "client/view/time_text.h"

#include "absl/time/time.h"

namespace convoy::client {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // of the year 1
constexpr int64_t kLastSecond = 253402300799;   // of the year 9999

bool IsMoment(int64_t seconds, int32_t nanos) {
  return seconds >= kFirstSecond && seconds <= kLastSecond && nanos >= 0 && nanos < 1000000000;
}

}  // namespace

std::string Rfc3339(int64_t seconds, int32_t nanos) {
  if (!IsMoment(seconds, nanos)) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ",
                          absl::FromUnixSeconds(seconds) + absl::Nanoseconds(nanos),
                          absl::UTCTimeZone());
}

std::string TimeText(int64_t seconds) {
  if (!IsMoment(seconds, 0)) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

}  // namespace convoy::client
