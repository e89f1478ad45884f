#include "coordinator/rest/bounded_json.h"

#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace convoy::rest {
namespace {

constexpr int kMaxDepth = 16;

class TooDeep : public std::exception {};

// The parser goes on until its end otherwise, and takes memory for each level.
bool CheckDepth(int depth, Json::parse_event_t event, Json&) {
  const bool opens =
      event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
  if (opens && depth >= kMaxDepth) throw TooDeep();
  return true;
}

}  // namespace

absl::StatusOr<Json> ParseObject(std::string_view text) {
  try {
    Json json = Json::parse(text.begin(), text.end(), &CheckDepth);
    if (json.is_object()) return json;
    return absl::InvalidArgumentError("body: not a JSON object");
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("body: not JSON from byte ", error.byte, " on"));
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError("body: a number is out of range");
  } catch (const TooDeep&) {
    return absl::InvalidArgumentError(absl::StrCat("body: more than ", kMaxDepth, " levels"));
  }
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ErrorJson(const std::string& message) { return Dump({{"error", message}}); }

}  // namespace convoy::rest
