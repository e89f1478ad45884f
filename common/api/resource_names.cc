#include "common/api/resource_names.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace convoy::api {
namespace {

constexpr absl::string_view kJobs = "jobs/";
constexpr absl::string_view kModels = "models/";

bool IsIdChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

std::string Whole(absl::string_view prefix, const std::string& named) {
  return absl::StartsWith(named, prefix) ? named : absl::StrCat(prefix, named);
}

absl::StatusOr<std::string> ParseName(absl::string_view prefix, const std::string& name,
                                      const std::string& field) {
  if (absl::StartsWith(name, prefix) && IsValidId(name.substr(prefix.size()))) {
    return name.substr(prefix.size());
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": '", absl::CEscape(name.substr(0, 2 * kMaxIdChars)), "' is no name; ",
                   "it must be ", prefix, "ID, such as ", prefix, "20260131-120000-1a2b"));
}

}  // namespace

bool IsValidId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxIdChars && id[0] != '.' && id[0] != '-' &&
         std::all_of(id.begin(), id.end(), IsIdChar);
}

std::string MakeId(const std::string& run_name) {
  std::string id = run_name.substr(0, kMaxIdChars);
  for (char& c : id) {
    if (!IsIdChar(c)) c = '-';
  }
  const size_t first = id.find_first_not_of(".-");
  return first == std::string::npos ? "job" : id.substr(first);
}

std::string JobName(const std::string& id) { return absl::StrCat(kJobs, id); }
std::string ModelName(const std::string& id) { return absl::StrCat(kModels, id); }

bool IsWholeName(const std::string& name) {
  return absl::StartsWith(name, kJobs) || absl::StartsWith(name, kModels);
}

std::string WholeJobName(const std::string& named) { return Whole(kJobs, named); }
std::string WholeModelName(const std::string& named) { return Whole(kModels, named); }

std::string ShortName(const std::string& name) {
  absl::string_view id = name;
  if (!absl::ConsumePrefix(&id, kJobs)) absl::ConsumePrefix(&id, kModels);
  return std::string(id);
}

absl::StatusOr<std::string> ParseJobName(const std::string& name, const std::string& field) {
  return ParseName(kJobs, name, field);
}

absl::StatusOr<std::string> ParseLatestModelName(const std::string& name,
                                                 const std::string& field) {
  return ParseName(kModels, name, field);
}

absl::StatusOr<std::string> ParseModelName(const std::string& name) {
  if (!absl::StartsWith(name, kModels)) return ParseLatestModelName(name);
  const std::string id = name.substr(kModels.size());
  CONVOY_RETURN_IF_ERROR(ParseModelId(id).status());
  return id;
}

absl::StatusOr<ModelId> ParseModelId(const std::string& id) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(id, absl::MaxSplits('/', 1));
  CONVOY_ASSIGN_OR_RETURN(const std::string job, ParseLatestModelName(ModelName(parts.first)));
  if (parts.first.size() == id.size()) return ModelId{.job = job, .version = {}};
  absl::string_view version = parts.second;
  int32_t epoch = 0;
  if (!absl::ConsumePrefix(&version, "versions/") || !absl::SimpleAtoi(version, &epoch) ||
      epoch < 0 || absl::StrCat(epoch) != version) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: '", absl::CEscape(parts.second.substr(0, kMaxIdChars)),
                     "' is no version; it must be versions/N, N completed epochs, such as "
                     "versions/3"));
  }
  return ModelId{.job = job, .version = epoch};
}

}  // namespace convoy::api
