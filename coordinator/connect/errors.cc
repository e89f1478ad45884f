#include "coordinator/connect/errors.h"

#include <nlohmann/json.hpp>

#include "coordinator/bridge/codes.h"

namespace convoy::connect {
namespace {

using Json = nlohmann::ordered_json;

Json Error(grpc::StatusCode code, const std::string& message) {
  return {{"code", bridge::CodeName(code)}, {"message", message}};
}

// A message may quote bytes that are no UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string ErrorJson(grpc::StatusCode code, const std::string& message) {
  return Dump(Error(code, message));
}

std::string EndOfStreamJson(const grpc::Status& status) {
  if (status.ok()) return "{}";
  return Dump(Json{{"error", Error(status.error_code(), status.error_message())}});
}

}  // namespace convoy::connect
