// Reading protobuf's text format with messages that a person can act on.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace convoy {

// Replaces `message` by what `text` says. `source` names the text in errors.
// Returns INVALID_ARGUMENT with "SOURCE:LINE: what is wrong"; where a field, a value of an enum or
// a layer's kind is misspelt, with the nearest known name.
absl::Status ParseTextProto(std::string_view text, std::string_view source,
                            google::protobuf::Message* message);

}  // namespace convoy
