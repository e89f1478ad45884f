// Messages between protobuf's bytes and its JSON.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/statusor.h"

namespace convoy::bridge {

// Both return INVALID_ARGUMENT, in one line, for what is not a message of that type. A field that
// the type does not have is refused by JSON, as it would be a mistake without a trace.
absl::StatusOr<std::string> JsonToBytes(const google::protobuf::Descriptor& type,
                                        const std::string& json);
absl::StatusOr<std::string> BytesToJson(const google::protobuf::Descriptor& type,
                                        const std::string& bytes);

// Returns INVALID_ARGUMENT unless `bytes` are a message of that type.
absl::Status CheckBytes(const google::protobuf::Descriptor& type, const std::string& bytes);

}  // namespace convoy::bridge
