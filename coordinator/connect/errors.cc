#include "coordinator/connect/errors.h"

#include <array>
#include <nlohmann/json.hpp>

namespace convoy::connect {
namespace {

using Json = nlohmann::ordered_json;

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

Json Error(grpc::StatusCode code, const std::string& message) {
  return {{"code", Find(code).name}, {"message", message}};
}

// A message may quote bytes that are no UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

int HttpStatus(grpc::StatusCode code) { return Find(code).http_status; }

std::string ErrorJson(grpc::StatusCode code, const std::string& message) {
  return Dump(Error(code, message));
}

std::string EndOfStreamJson(const grpc::Status& status) {
  if (status.ok()) return "{}";
  return Dump(Json{{"error", Error(status.error_code(), status.error_message())}});
}

}  // namespace convoy::connect
