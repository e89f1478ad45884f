#include "common/run/events_file.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{16} << 20;
constexpr size_t kMaxEvents = 100;
constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%E3SZ";

constexpr std::array<std::pair<RunEventKind, const char*>, 4> kKinds = {
    {{RunEventKind::kRestarted, "restarted"},
     {RunEventKind::kGaveUp, "gave_up"},
     {RunEventKind::kHostLost, "host_lost"},
     {RunEventKind::kHostBack, "host_back"}}};

std::string KindName(RunEventKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

std::string Text(const nlohmann::json& json, const char* key) {
  const auto value = json.find(key);
  return value != json.end() && value->is_string() ? value->get<std::string>() : "";
}

std::optional<RunEvent> FromLine(absl::string_view line) {
  const auto json =
      nlohmann::json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  RunEvent event{.message = Text(json, "message")};
  if (!absl::ParseTime(absl::RFC3339_full, Text(json, "time"), &event.time, nullptr)) {
    return std::nullopt;
  }
  for (const auto& [kind, name] : kKinds) {
    event.kind = kind;
    if (Text(json, "kind") == name) return event;
  }
  return std::nullopt;
}

// Whether the last event was cut off, as where a disk became full.
bool EndsWithinLine(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown))
    return false;  // a pipe would keep us waiting
  std::ifstream file(path, std::ios::binary);
  char last = '\n';
  return file.seekg(-1, std::ios::end) && file.get(last) && last != '\n';
}

}  // namespace

absl::Status AppendEvent(const std::string& directory, const RunEvent& event) {
  nlohmann::ordered_json json;
  json["time"] = absl::FormatTime(kTimeFormat, event.time, absl::UTCTimeZone());
  json["kind"] = KindName(event.kind);
  json["message"] = event.message;
  const std::string path = PathIn(directory, kEventsFile);
  const std::string line = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return AppendToFile(path, absl::StrCat(EndsWithinLine(path) ? "\n" : "", line, "\n"));
}

std::vector<RunEvent> ReadEvents(const std::string& directory) {
  const auto text = ReadFile(PathIn(directory, kEventsFile), kMaxBytes);
  std::vector<RunEvent> events;
  if (!text.ok()) return events;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    if (auto event = FromLine(line)) events.push_back(*std::move(event));
  }
  if (events.size() > kMaxEvents) events.erase(events.begin(), events.end() - kMaxEvents);
  return events;
}

}  // namespace convoy::run
