#include "coordinator/connect/envelope.h"

#include "absl/strings/str_cat.h"

namespace convoy::connect {
namespace {

constexpr size_t kPrefixBytes = 5;

}  // namespace

std::string Wrap(uint8_t flags, const std::string& message) {
  std::string envelope(1, static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) {
    envelope += static_cast<char>((message.size() >> shift) & 0xff);
  }
  return envelope + message;
}

absl::StatusOr<std::string> UnwrapOnly(const std::string& body) {
  if (body.size() < kPrefixBytes) {
    return absl::InvalidArgumentError("body: no envelope of five bytes before the message");
  }
  if ((static_cast<uint8_t>(body[0]) & kCompressedFlag) != 0) {
    return absl::UnimplementedError("body: compressed messages are not accepted");
  }
  if (body[0] != 0) return absl::InvalidArgumentError("body: unknown flags in the envelope");
  uint64_t length = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) length = length << 8 | static_cast<uint8_t>(body[i]);
  if (length != body.size() - kPrefixBytes) {
    return absl::InvalidArgumentError(absl::StrCat("body: one envelope of ", length,
                                                   " bytes announced, ", body.size() - kPrefixBytes,
                                                   " bytes follow"));
  }
  return body.substr(kPrefixBytes);
}

}  // namespace convoy::connect
