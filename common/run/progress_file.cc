#include "common/run/progress_file.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace convoy::run {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string ToJson(const Progress& progress) {
  Json json;
  json["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", progress.time, absl::UTCTimeZone());
  json["ranks"] = Json::array();
  for (const RankProgress& rank : progress.ranks) {
    json["ranks"].push_back({{"host", rank.host},
                             {"step", rank.step},
                             {"phase", rank.phase},
                             {"seconds", rank.seconds}});
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int64_t StepsDone(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("ranks") || !json["ranks"].is_array()) return 0;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const Json& rank : json["ranks"]) {
    const bool known =
        rank.is_object() && rank.contains("step") && rank["step"].is_number_integer();
    least = std::min(least, known ? rank["step"].get<int64_t>() : 1);
  }
  return json["ranks"].empty() ? 0 : std::max<int64_t>(least - 1, 0);
}

}  // namespace convoy::run
