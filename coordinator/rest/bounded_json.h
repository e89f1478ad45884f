// JSON from strangers and to them: bounded in depth, with the shortest digits of FP32.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::rest {

using Json = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, int64_t,
                                  uint64_t, float>;

// Returns INVALID_ARGUMENT for what is not one object, and for more than 16 levels.
absl::StatusOr<Json> ParseObject(std::string_view text);

// Bytes that are no UTF-8 are replaced.
std::string Dump(const Json& json);

// Returns {"error": message}, as both protocols write their errors.
std::string ErrorJson(const std::string& message);

}  // namespace convoy::rest
