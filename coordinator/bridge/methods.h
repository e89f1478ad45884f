// The methods that clients may call by HTTP, out of the descriptors that are linked in.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace convoy::bridge {

// Full names, such as "convoy.v1.JobService". The trainers' service is not among them.
const std::vector<std::string>& PublicServices();

// Returns the method of "/SERVICE/METHOD", nullptr if no public service has it.
const google::protobuf::MethodDescriptor* FindMethod(const std::string& path);

}  // namespace convoy::bridge
