#include "common/run/labels_file.h"

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/base/utf8.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxName = 100;  // characters, as the next two
constexpr size_t kMaxTag = 40;
constexpr size_t kMaxNote = 1000;
constexpr size_t kMaxTags = 20;
constexpr uint64_t kMaxLabelsBytes = 64 << 10;
constexpr char kLabelsTime[] = "%Y-%m-%dT%H:%M:%E6SZ";

bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7f && code <= 0x9f); }

absl::Status CheckLabel(const char* field, std::string_view text, size_t most) {
  size_t characters = 0;
  for (; !text.empty(); ++characters) {
    const Utf8Character next = FirstUtf8(text);
    if (next.code == kNoUtf8) {
      return TextError(absl::StatusCode::kInvalidArgument, "$0: is not UTF-8", field);
    }
    if (IsControl(next.code)) {
      return TextError(absl::StatusCode::kInvalidArgument,
                       "$0: has a control character, such as the end of a line; write one line",
                       field);
    }
    text.remove_prefix(next.bytes);
  }
  if (characters <= most) return absl::OkStatus();
  return TextError(absl::StatusCode::kInvalidArgument, "$0: has $1 characters; at most $2 are kept",
                   field, characters, most);
}

absl::Status CheckTags(const std::vector<std::string>& tags) {
  if (tags.size() > kMaxTags) {
    return TextError(absl::StatusCode::kInvalidArgument, "$0: are $1; at most $2 are kept", "tags",
                     tags.size(), kMaxTags);
  }
  std::set<std::string> seen;
  for (const std::string& tag : tags) {
    if (tag.empty())
      return TextError(absl::StatusCode::kInvalidArgument, "$0: one is empty", "tags");
    CONVOY_RETURN_IF_ERROR(CheckLabel("tags", tag, kMaxTag));
    if (!seen.insert(tag).second) {
      return TextError(absl::StatusCode::kInvalidArgument, "$0: $1 is there twice", "tags",
                       Quoted(tag));
    }
  }
  return absl::OkStatus();
}

absl::Status Damaged(const std::string& path) {
  return TextError(absl::StatusCode::kDataLoss, "$0: is damaged; remove it, and name the run again",
                   path);
}

// Reads one of the keys; false for a value of another type.
bool ReadLabel(const Json& json, const char* key, std::string* value) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return true;
  if (!found->is_string()) return false;
  *value = found->get<std::string>();
  return true;
}

bool ReadTags(const Json& json, std::vector<std::string>* tags) {
  const auto found = json.find("tags");
  if (found == json.end()) return true;
  if (!found->is_array()) return false;
  for (const Json& tag : *found) {
    if (!tag.is_string()) return false;
    tags->push_back(tag.get<std::string>());
  }
  return true;
}

}  // namespace

absl::Status CheckLabels(const Labels& labels) {
  CONVOY_RETURN_IF_ERROR(CheckLabel("display_name", labels.name, kMaxName));
  CONVOY_RETURN_IF_ERROR(CheckTags(labels.tags));
  return CheckLabel("note", labels.note, kMaxNote);
}

absl::Status WriteLabels(const std::string& directory, const Labels& labels) {
  CONVOY_RETURN_IF_ERROR(CheckLabels(labels));
  const Json json = {
      {"display_name", labels.name},
      {"tags", labels.tags},
      {"note", labels.note},
      {"update_time", absl::FormatTime(kLabelsTime, labels.time, absl::UTCTimeZone())}};
  return WriteFileAtomically(PathIn(directory, kLabelsFile), json.dump(2) + "\n");
}

absl::StatusOr<Labels> ReadLabels(const std::string& directory) {
  const std::string path = PathIn(directory, kLabelsFile);
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxLabelsBytes);
  if (absl::IsNotFound(text.status())) return Labels();
  if (absl::IsOutOfRange(text.status())) return Damaged(path);
  CONVOY_RETURN_IF_ERROR(text.status());
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  Labels labels;
  std::string time;
  if (!json.is_object() || !ReadLabel(json, "display_name", &labels.name) ||
      !ReadTags(json, &labels.tags) || !ReadLabel(json, "note", &labels.note) ||
      !ReadLabel(json, "update_time", &time) || !CheckLabels(labels).ok()) {
    return Damaged(path);
  }
  if (!absl::ParseTime(absl::RFC3339_full, time, &labels.time, nullptr)) return Damaged(path);
  return labels;
}

}  // namespace convoy::run
