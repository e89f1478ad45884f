// Protobuf messages as the REST protocols write them.
#pragma once

#include <google/protobuf/message.h>

#include "coordinator/rest/bounded_json.h"

namespace convoy::rest {

// Returns the message with all its fields, by their names in the .proto file, and numbers as
// numbers: protobuf's own JSON has other names and writes 64 bits as text.
Json ToJson(const google::protobuf::Message& message);

}  // namespace convoy::rest
