// The methods that clients may call by HTTP, out of the descriptors that are linked in.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace convoy::bridge {

// The trainers' service is not among them.
const std::vector<const google::protobuf::ServiceDescriptor*>& PublicServices();

// Returns the method of "/SERVICE/METHOD", nullptr if no public service has it.
const google::protobuf::MethodDescriptor* FindMethod(const std::string& path);

}  // namespace convoy::bridge
