#include "common/run/progress_file.h"

#include <nlohmann/json.hpp>

namespace convoy::run {

using Json = nlohmann::ordered_json;

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

}  // namespace convoy::run
