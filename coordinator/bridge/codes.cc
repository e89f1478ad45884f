#include "coordinator/bridge/codes.h"

#include <array>

namespace convoy::bridge {
namespace {

struct Code {
  const char* name;
  int http_status;
};

// By gRPC's numbers. OK is no error and has no name.
constexpr std::array<Code, 17> kCodes = {{{"", 200},
                                          {"canceled", 499},
                                          {"unknown", 500},
                                          {"invalid_argument", 400},
                                          {"deadline_exceeded", 504},
                                          {"not_found", 404},
                                          {"already_exists", 409},
                                          {"permission_denied", 403},
                                          {"resource_exhausted", 429},
                                          {"failed_precondition", 400},
                                          {"aborted", 409},
                                          {"out_of_range", 400},
                                          {"unimplemented", 501},
                                          {"internal", 500},
                                          {"unavailable", 503},
                                          {"data_loss", 500},
                                          {"unauthenticated", 401}}};

const Code& Find(grpc::StatusCode code) {
  const auto number = static_cast<size_t>(code);
  return kCodes.at(number < kCodes.size() ? number : size_t{grpc::StatusCode::UNKNOWN});
}

}  // namespace

std::string CodeName(grpc::StatusCode code) { return Find(code).name; }

int HttpStatus(grpc::StatusCode code) { return Find(code).http_status; }

}  // namespace convoy::bridge
