// What may stand in the strings of a message.
#pragma once

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace convoy {

// Returns INVALID_ARGUMENT with "FIELD: what is wrong" for the first string of `message`, or of a
// message in it, that is not UTF-8 or has control characters. Protobuf neither sends nor reads
// strings that are not UTF-8, and these are names, which people are shown.
absl::Status CheckStrings(const google::protobuf::Message& message);

}  // namespace convoy
